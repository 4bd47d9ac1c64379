/**
 * Allows no inline code, no other origin, not even for requests, and no page that frames this one:
 * an injected script cannot run or send data.
 */
const OWN_FILES_ONLY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'"
}

/**
 * The headers of a page and its files, which all come from the same listener. Browsers ask each
 * time whether a file has changed.
 * @param further directives of the content security policy: others, or instead of these
 */
export const pageHeaders = (further: Readonly<Record<string, string>> = {}) => ({
  'content-security-policy': Object.entries({ ...OWN_FILES_ONLY, ...further })
    .map(([directive, value]) => `${directive} ${value}`)
    .join('; '),
  'cache-control': 'no-cache',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff'
})
