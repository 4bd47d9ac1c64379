/**
 * What the clocks of an issuer and of a verifier may differ by, in seconds: a token counts so long after its `exp`, and so long
 * before its `nbf` and `iat` (RFC 7519 §4.1.4, §4.1.5). Gateways and introspection allow the same.
 */
export const TOKEN_SKEW_SECONDS = 5
