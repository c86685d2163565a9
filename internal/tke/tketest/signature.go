package tketest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "TC3-HMAC-SHA256"
	terminator = "tc3_request"

	// maxSkew is how far a request's clock may be off before it is answered AuthFailure.SignatureExpire.
	maxSkew = 5 * time.Minute
)

// authorization is the header of that name, taken apart:
//
//	TC3-HMAC-SHA256 Credential=<id>/<date>/<service>/tc3_request, SignedHeaders=<names>, Signature=<hex>
type authorization struct {
	secretID      string
	date          string
	scope         string // <date>/<service>/tc3_request
	signedHeaders []string
	signature     string
}

func parseAuthorization(header string) (authorization, bool) {
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return authorization{}, false
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[key] = value
	}
	id, scope, _ := strings.Cut(fields["Credential"], "/")
	date, ending, _ := strings.Cut(scope, "/")
	auth := authorization{
		secretID: id, date: date, scope: scope,
		signedHeaders: strings.Split(fields["SignedHeaders"], ";"),
		signature:     fields["Signature"],
	}
	complete := id != "" && ending == service+"/"+terminator && auth.signature != "" &&
		slices.IsSorted(auth.signedHeaders) &&
		slices.Contains(auth.signedHeaders, "content-type") && slices.Contains(auth.signedHeaders, "host")
	return auth, complete
}

// authenticate holds the signature and the clock of a request.
func (s *Server) authenticate(c *call) *apiError {
	for _, name := range []string{"X-TC-Timestamp", "Authorization"} {
		if c.header.Get(name) == "" {
			return missingParameter(name)
		}
	}
	timestamp, err := strconv.ParseInt(c.header.Get("X-TC-Timestamp"), 10, 64)
	if err != nil {
		return wrongType("X-TC-Timestamp", "a number of seconds")
	}
	auth, ok := parseAuthorization(c.header.Get("Authorization"))
	if !ok {
		return &apiError{CodeInvalidAuthorization,
			"The `Authorization` in the request header is not authorized.", "请求头部的 `Authorization` 不符合腾讯云标准。"}
	}
	if skew := c.arrived.Sub(time.Unix(timestamp, 0)); skew.Abs() > maxSkew {
		return &apiError{CodeSignatureExpire,
			"Signature expired. The timestamp differs from the server's time by more than five minutes.",
			"签名过期。Timestamp 和服务器时间相差不得超过五分钟，请检查本地时间是否和标准时间同步。"}
	}
	return s.checkSignature(c, auth, timestamp)
}

func (s *Server) checkSignature(c *call, auth authorization, timestamp int64) *apiError {
	known := slices.IndexFunc(s.opts.Credentials, func(cred Credential) bool { return cred.SecretID == auth.secretID })
	if known < 0 {
		return &apiError{CodeSecretIDNotFound,
			"The SecretId is not found, please ensure that your SecretId is correct.", "密钥不存在，请检查 SecretId 是否正确。"}
	}
	cred := s.opts.Credentials[known]
	if c.header.Get("X-TC-Token") != cred.Token {
		return &apiError{CodeTokenFailure,
			"The token in the request header is not correct for this SecretId.", "Token 错误。"}
	}
	date := time.Unix(timestamp, 0).UTC().Format(time.DateOnly)
	want := sign(cred.SecretKey, auth, timestamp, c.canonical(auth.signedHeaders))
	if auth.date != date || !hmac.Equal([]byte(want), []byte(auth.signature)) {
		return &apiError{CodeSignatureFailure,
			"The provided credentials could not be validated. Please check your signature is correct.",
			"请求签名验证失败，请检查您的签名计算是否正确。"}
	}
	return nil
}

// canonical is the text that a signature stands for: method, path, query, the signed headers and the body's digest.
func (c *call) canonical(signedHeaders []string) string {
	var headers strings.Builder
	for _, name := range signedHeaders {
		value := c.header.Get(name)
		if name == "host" {
			value = c.host
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.ToLower(strings.TrimSpace(value)))
	}
	body := c.body
	if c.header.Get("X-TC-Content-SHA256") == "UNSIGNED-PAYLOAD" {
		body = []byte("UNSIGNED-PAYLOAD")
	}
	return strings.Join([]string{
		c.method, c.path, c.query, headers.String(), strings.Join(signedHeaders, ";"), hexDigest(body),
	}, "\n")
}

// sign is the algorithm: the key is derived from the secret through date, service and terminator.
func sign(secretKey string, auth authorization, timestamp int64, canonical string) string {
	key := []byte("TC3" + secretKey)
	for part := range strings.SplitSeq(auth.scope, "/") {
		key = mac(key, part)
	}
	text := strings.Join([]string{algorithm, strconv.FormatInt(timestamp, 10), auth.scope, hexDigest([]byte(canonical))}, "\n")
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
