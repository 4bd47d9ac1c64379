/**
 * A role of a user, or a word in the scope of a user: a scope token (RFC 6749 §3.3) without a
 * comma, which separates roles in a header.
 */
export const WORD = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,64}$/

/** How many roles, and how many words of a scope, there may be. */
export const MOST_WORDS = 64
