import { pageHeaders } from '@gatehouse/http-service/page-headers'

/**
 * The headers of every page. No script can turn a text into code or markup either (Trusted Types,
 * without any policy).
 *
 * With `no-referrer`, browsers send `Origin: null` with a form. Those without Fetch Metadata could
 * then not show that the form is of this origin.
 * @param formTargets origins to which a form may lead. Chromium applies `form-action` to redirects
 */
export const headersOfPage = (
  formTargets: readonly string[]
): Readonly<Record<string, string>> => ({
  ...pageHeaders({
    'img-src': "'self' data:",
    'form-action': ["'self'", ...formTargets].join(' '),
    'require-trusted-types-for': "'script'",
    'trusted-types': "'none'"
  }),
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'accept-language, cookie'
})
