/**
 * `iat` counts whole seconds. So a change affects the rest of the current second, and one more
 * second for a token that is being issued with the old rights. New tokens are dated ahead by as
 * much, which is less than the allowed clock difference.
 */
export const AHEAD_SECONDS = 2
