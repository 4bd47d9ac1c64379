/**
 * How far the clocks of an issuer and a verifier may differ, in seconds: a token is accepted for
 * this long after its `exp`, and for this long before its `nbf` and `iat` (RFC 7519 §4.1.4,
 * §4.1.5). Gateways and introspection use the same value.
 */
export const TOKEN_SKEW_SECONDS = 5
