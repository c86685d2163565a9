package registry

import (
	"errors"
	"net/url"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
)

const (
	// maxWords bounds how much of a registry's own message an error repeats.
	maxWords = 300
	// maxCause bounds the text of a cause, which has words of ours too.
	maxCause = 2 * maxWords
)

// redacted makes an error fit to leave this package. It is the one place for that, so nothing within needs to care what it quotes.
func (c *Client) redacted(err error) error {
	e, typed := errors.AsType[*Error](err)
	if !typed {
		return c.secrets.Error(err, maxCause)
	}
	clean := *e
	clean.Host = c.secrets.Value(e.Host)
	clean.Code = c.secrets.Text(e.Code, maxWords)
	clean.Message = c.secrets.Text(e.Message, maxWords)
	clean.MediaType = c.secrets.Text(e.MediaType, maxWords)
	clean.CredentialNote = c.secrets.Text(e.CredentialNote, maxWords)
	clean.Err = c.secrets.Error(e.Err, maxCause)
	clean.Platforms = nil
	for _, platform := range e.Platforms {
		clean.Platforms = append(clean.Platforms, c.secrets.Text(platform, maxWords))
	}
	return &clean
}

// withoutURL strips the URL that net/http puts around errors.
func withoutURL(err error) error {
	for {
		wrapped, found := errors.AsType[*url.Error](err)
		if !found {
			return err
		}
		err = wrapped.Err
	}
}

// nameable is a reference as an error may show it: something that was pasted as a URL can hold a password or a token.
func nameable(reference string) string {
	reference, _, hasQuery := strings.Cut(reference, "?")
	digest := ""
	if at := strings.LastIndex(reference, "@"); at >= 0 && looksLikeDigest(reference[at+1:]) {
		reference, digest = reference[:at], reference[at:]
	}
	// With a colon before it, an @ may end a username and a password.
	if at := strings.LastIndex(reference, "@"); at >= 0 && strings.Contains(reference[:at], ":") {
		scheme := ""
		if before, _, found := strings.Cut(reference, "://"); found && len(before) <= len("https") {
			scheme = before + "://"
		}
		reference = scheme + "…" + reference[at:]
	}
	if hasQuery {
		digest += "?…"
	}
	return redact.Line(reference+digest, maxWords)
}

func looksLikeDigest(s string) bool {
	return strings.HasPrefix(s, "sha256:") || strings.HasPrefix(s, "sha512:")
}
