// Package cloudapi calls Tencent Cloud's API, version 3: one signed call of one action, with its
// answer or a typed error.
//
// Signing and addressing are the SDK's. What this package adds, each in one place:
//
//   - client.go: one call; credentials are obtained for it within its context;
//   - transport.go: the layers between the SDK and the wire: retry, rate limit, user agent, what
//     the clocks say;
//   - errors.go: whatever went wrong as an *Error with code, message, action and request id.
//
// The packages of single services (tke, tcr) and that of credentials (STS) are built on it.
package cloudapi
