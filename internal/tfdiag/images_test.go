package tfdiag

import "testing"

func TestCapitalTakesAnyText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "a": "A", "état": "État", "Ünder": "Ünder", "超时": "超时", "1a": "1a", "\xffa": "\xffa",
	} {
		if got := capitalize(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
