package apitest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "TC3-HMAC-SHA256"
	terminator = "tc3_request"

	// maxSkew is how far a request's clock may be off before it is answered
	// AuthFailure.SignatureExpire.
	maxSkew = 5 * time.Minute
)

// The codes of a signature that is refused.
const (
	CodeMissingParameter     = "MissingParameter"
	CodeInvalidParameter     = "InvalidParameter"
	CodeSecretIDNotFound     = "AuthFailure.SecretIdNotFound"
	CodeSignatureFailure     = "AuthFailure.SignatureFailure"
	CodeSignatureExpire      = "AuthFailure.SignatureExpire"
	CodeInvalidAuthorization = "AuthFailure.InvalidAuthorization"
	CodeTokenFailure         = "AuthFailure.TokenFailure"
)

// Credential is one key pair that a service knows. A Token makes it a temporary one, which is
// refused without it, and after it has expired.
type Credential struct {
	SecretID  string
	SecretKey string
	Token     string
	Expires   time.Time // zero for never
}

// Refusal is an error as the API answers it: within HTTP 200, in the language that was asked for.
type Refusal struct{ Code, EN, ZH string }

// SignedRequest is what a signature stands for, and what carries it.
type SignedRequest struct {
	Service                   string // whose API it is for
	Method, Path, Query, Host string
	Header                    http.Header
	Body                      []byte
	Arrived                   time.Time // by the service's clock
}

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

// SecretID is the one that an Authorization header names, empty when it names none.
func SecretID(header http.Header) string {
	auth, _ := parseAuthorization(header.Get("Authorization"), "")
	return auth.secretID
}

func parseAuthorization(header, service string) (authorization, bool) {
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

// Verify checks the signature and the clock of a request. lookup returns the credential of a secret
// id.
func (s *SignedRequest) Verify(lookup func(secretID string) (Credential, bool)) *Refusal {
	for _, name := range []string{"X-TC-Timestamp", "Authorization"} {
		if s.Header.Get(name) == "" {
			return &Refusal{CodeMissingParameter,
				fmt.Sprintf("The request is missing a required parameter `%s`.", name),
				fmt.Sprintf("缺少参数错误，请求缺少必填参数 `%s`。", name)}
		}
	}
	timestamp, err := strconv.ParseInt(s.Header.Get("X-TC-Timestamp"), 10, 64)
	if err != nil {
		return &Refusal{CodeInvalidParameter,
			"The type of parameter `X-TC-Timestamp` is not valid, it must be a number of seconds.",
			"参数错误，参数 `X-TC-Timestamp` 的类型不正确。"}
	}
	auth, ok := parseAuthorization(s.Header.Get("Authorization"), s.Service)
	if !ok {
		return &Refusal{CodeInvalidAuthorization,
			"The `Authorization` in the request header is not authorized.", "请求头部的 `Authorization` 不符合腾讯云标准。"}
	}
	if skew := s.Arrived.Sub(time.Unix(timestamp, 0)); skew.Abs() > maxSkew {
		return &Refusal{CodeSignatureExpire,
			"Signature expired. The timestamp differs from the server's time by more than five minutes.",
			"签名过期。Timestamp 和服务器时间相差不得超过五分钟，请检查本地时间是否和标准时间同步。"}
	}
	return s.checkSignature(auth, timestamp, lookup)
}

func (s *SignedRequest) checkSignature(
	auth authorization, timestamp int64, lookup func(string) (Credential, bool),
) *Refusal {
	credential, known := lookup(auth.secretID)
	switch {
	case !known:
		return &Refusal{CodeSecretIDNotFound,
			"The SecretId is not found, please ensure that your SecretId is correct.", "密钥不存在，请检查 SecretId 是否正确。"}
	case s.Header.Get("X-TC-Token") != credential.Token:
		return &Refusal{
			CodeTokenFailure,
			"The token in the request header is not correct for this SecretId.",
			"Token 错误。",
		}
	case !credential.Expires.IsZero() && !s.Arrived.Before(credential.Expires):
		return &Refusal{CodeTokenFailure, "The token in the request header has expired.", "Token 已过期。"}
	}
	date := time.Unix(timestamp, 0).UTC().Format(time.DateOnly)
	want := computeSignature(credential.SecretKey, auth, timestamp, s.canonicalRequest(auth.signedHeaders))
	if auth.date != date || !hmac.Equal([]byte(want), []byte(auth.signature)) {
		return &Refusal{CodeSignatureFailure,
			"The provided credentials could not be validated. Please check your signature is correct.",
			"请求签名验证失败，请检查您的签名计算是否正确。"}
	}
	return nil
}

// canonicalRequest is the text that a signature stands for: method, path, query, the signed headers
// and the body's digest.
func (s *SignedRequest) canonicalRequest(signedHeaders []string) string {
	var headers strings.Builder
	for _, name := range signedHeaders {
		value := s.Header.Get(name)
		if name == "host" {
			value = s.Host
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.ToLower(strings.TrimSpace(value)))
	}
	body := s.Body
	if s.Header.Get("X-TC-Content-SHA256") == "UNSIGNED-PAYLOAD" {
		body = []byte("UNSIGNED-PAYLOAD")
	}
	return strings.Join([]string{
		s.Method, s.Path, s.Query, headers.String(), strings.Join(signedHeaders, ";"), hexDigest(body),
	}, "\n")
}

// computeSignature is the algorithm: the key is derived from the secret through date, service and
// terminator.
func computeSignature(secretKey string, auth authorization, timestamp int64, canonical string) string {
	key := []byte("TC3" + secretKey)
	for part := range strings.SplitSeq(auth.scope, "/") {
		key = computeMAC(key, part)
	}
	text := strings.Join(
		[]string{algorithm, strconv.FormatInt(timestamp, 10), auth.scope, hexDigest([]byte(canonical))}, "\n",
	)
	return hex.EncodeToString(computeMAC(key, text))
}

func computeMAC(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
