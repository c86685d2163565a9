package tketest

import "github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"

// checkSignature checks the signature of a request and its timestamp.
func (s *Server) checkSignature(c *call) *apiError {
	signed := &apitest.SignedRequest{
		Service: service,
		Method:  c.method,
		Path:    c.path,
		Query:   c.query,
		Host:    c.host,
		Header:  c.header,
		Body:    c.body,
		Arrived: c.arrived,
	}
	if refusal := signed.Verify(s.findCredentialOf); refusal != nil {
		return &apiError{refusal.Code, refusal.EN, refusal.ZH}
	}
	return nil
}

// findCredentialOf returns the credential of a secret id: first the server's own, then those that
// STS has issued.
func (s *Server) findCredentialOf(secretID string) (Credential, bool) {
	for _, known := range s.opts.Credentials {
		if known.SecretID == secretID {
			return known, true
		}
	}
	if s.opts.Sessions != nil {
		return s.opts.Sessions(secretID)
	}
	return Credential{}, false
}
