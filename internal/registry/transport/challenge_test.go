package transport

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChallengesAreReadFromEveryForm(t *testing.T) {
	t.Parallel()
	bearer := func(params map[string]string) challenge { return challenge{"bearer", params} }
	for name, test := range map[string]struct {
		lines []string
		want  challenge
	}{
		"bearer": {
			[]string{`Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull"`},
			bearer(map[string]string{
				"realm": "https://auth.example/token", "service": "r", "scope": "repository:a/b:pull",
			}),
		},
		"escapes, spaces and case": {
			[]string{`BEARER  Realm = "a\"b\\c" ,service=plain`},
			bearer(map[string]string{"realm": `a"b\c`, "service": "plain"}),
		},
		"a comma in quotes": {
			[]string{`Bearer realm="x",scope="repository:a:pull,push"`},
			bearer(map[string]string{"realm": "x", "scope": "repository:a:pull,push"}),
		},
		"basic": {[]string{`Basic realm="r"`}, challenge{"basic", map[string]string{"realm": "r"}}},
		"bearer goes before basic": {
			[]string{`Basic realm="r"`, `Bearer realm="x"`}, bearer(map[string]string{"realm": "x"}),
		},
		"several on one line": {
			[]string{`Negotiate, Basic realm="r", Bearer realm="x"`}, bearer(map[string]string{"realm": "x"}),
		},
		"an unknown one is skipped": {
			[]string{`Negotiate`, `Basic realm="r"`}, challenge{"basic", map[string]string{"realm": "r"}},
		},
		"an open quote ends it":  {[]string{`Bearer realm="x`}, bearer(map[string]string{})},
		"nothing that we can do": {[]string{`Digest realm="x"`, ``, `=`, `,,`}, challenge{}},
	} {
		got, err := chooseChallenge(http.Header{"Www-Authenticate": test.lines})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(challenge{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzParseChallenges(f *testing.F) {
	f.Add(`Bearer realm="https://a/t",service="r", Basic realm=x`)
	f.Add(`a b=c, d="\`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, c := range parseChallenges(line) {
			if c.scheme == "" || len(c.scheme) > len(line) {
				t.Fatalf("%q gives %q", line, c.scheme)
			}
		}
	})
}

func TestTheSameTokenServiceTwiceIsOne(t *testing.T) {
	t.Parallel()
	c, err := chooseChallenge(http.Header{
		"Www-Authenticate": {`Bearer realm="https://a/t",scope="x"`, `Bearer realm="https://a/t",scope="y"`},
	})
	if err != nil || c.params["scope"] != "x" {
		t.Errorf("got %v, %v", c, err)
	}
}
