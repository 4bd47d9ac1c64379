import { pageHeaders } from '@gatehouse/http-service/page-headers'

/**
 * The headers of every page. No script can turn a text into code or markup either (Trusted Types,
 * without any policy).
 *
 * With `no-referrer`, browsers send `Origin: null` with a form. Those without Fetch Metadata could
 * then not show that the form is of this origin.
 */
export const headersOfPage: Readonly<Record<string, string>> = {
  ...pageHeaders({
    'img-src': "'self' data:",
    'form-action': "'self'",
    'require-trusted-types-for': "'script'",
    'trusted-types': "'none'"
  }),
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'accept-language, cookie'
}
