// Package credentials turns the provider's arguments, the environment and profile files into
// credentials for the cloud.
//
// The arguments, variables and their precedence are those of the official provider
// (tencentcloudstack/tencentcloud), so that what works there works here unchanged:
//
//	key pair of the arguments or the environment, or else of the profile file
//	-> the CVM's role instead of it                                  cam_role_name
//	-> a role assumed with it                                        of the profile file, then of the environment
//	-> a session of its own, which takes the place of all before     SAML, web identity, Pod OIDC
//	-> a role assumed with what was found so far                     assume_role
//
// Resolve decides all that and makes no request: its outcome is a list of links, as data.
// Resolved.Credentials makes the list into what signs requests: sessions that are fetched when
// something needs them, and renewed before they expire.
//
// The SDK's own providers are not used. Those for roles know no context, print failures and go on
// with what has expired, keep the region, the endpoint and most arguments to themselves; that for
// profiles has one folder. Its signing is used, by way of cloudapi.
package credentials
