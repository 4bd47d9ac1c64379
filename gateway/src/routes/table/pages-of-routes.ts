/** A form of the pages for users, and the request to the auth service that it causes. */
export type PageForm = {
  readonly page: string
  readonly method: string
  readonly path: string
  /** recent: a login that is not older than AUTH_PAGES_RECENT_SECONDS */
  readonly needs: 'nothing' | 'session' | 'recent'
}

/** The path of the pages in the route table. */
export const PAGES = '/auth/pages'

/**
 * The auth service sends these requests to itself, so the rules of their routes are not applied to
 * the forms (docs/user-pages.md).
 */
export const pageForms: readonly PageForm[] = [
  ...formsOf('nothing', {
    'sign-in': 'POST /auth/login',
    'sign-in-factor': 'POST /auth/login/factor',
    'first-passkey': 'POST /auth/login/factor/enrol/passkey/options',
    'sign-in-first-passkey': 'POST /auth/login/factor/enrol/passkey',
    'sign-in-passkey': 'POST /auth/login/passkey',
    'complete-sign-in': 'POST /auth/login/providers',
    'sign-out': 'POST /auth/logout',
    register: 'POST /auth/register',
    'forgot-password': 'POST /auth/password/forgot',
    'reset-password': 'POST /auth/password/reset',
    'verify-email': 'POST /auth/email/verify',
    'verify-email-send': 'POST /auth/email/verify/send',
    'confirm-email': 'POST /auth/email/confirm',
    'undo-email': 'POST /auth/email/undo'
  }),
  ...formsOf('session', {
    'sessions-end': 'DELETE /auth/sessions/id',
    'sessions-end-others': 'DELETE /auth/sessions',
    'sign-out-everywhere': 'POST /auth/logout-all',
    confirm: 'POST /auth/step-up',
    'provider-confirmed': 'POST /auth/step-up',
    'change-password': 'POST /auth/password',
    'factor-rename': 'PATCH /auth/factors/id'
  }),
  ...formsOf('recent', {
    'change-email': 'POST /auth/email',
    'factor-totp': 'POST /auth/factors',
    'factor-totp-confirm': 'POST /auth/factors/id/confirm',
    'factor-passkey': 'POST /auth/factors/passkeys/options',
    'factor-passkey-add': 'POST /auth/factors/passkeys',
    'factor-remove': 'DELETE /auth/factors/id',
    'recovery-codes': 'POST /auth/factors/recovery-codes',
    'provider-linked': 'POST /auth/identities',
    'provider-unlink': 'DELETE /auth/identities/id',
    export: 'GET /auth/account/export',
    'delete-account': 'DELETE /auth/account'
  })
]

function formsOf(
  needs: PageForm['needs'],
  requests: Readonly<Record<string, `${'DELETE' | 'GET' | 'PATCH' | 'POST'} /${string}`>>
): PageForm[] {
  return Object.entries(requests).map(([page, request]) => {
    const [method = '', path = ''] = request.split(' ')
    return { page, method, path, needs }
  })
}
