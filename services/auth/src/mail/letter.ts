/** What a letter needs, and what its template can show. */
type Letter = {
  /** the page of the application to which its link leads */
  readonly page: string
  /** the placeholders of its template, apart from those of every letter */
  readonly values: readonly string[]
}

/** Every letter that the system sends. A template per language has the same name. */
export const letters = {
  /** carries a token, with which its reader sets a password */
  'password-reset': { page: '/reset-password', values: ['minutes'] },
  /** completes a registration, whose address it proves */
  'confirm-registration': { page: '/verify-email', values: ['hours'] },
  /** verifies the address of an account */
  'verify-email': { page: '/verify-email', values: ['hours'] },
  /** notifies the owner of an account that someone wanted to register its address */
  'already-registered': { page: '/forgot-password', values: [] },
  /** proves the new address of an account */
  'change-email': { page: '/confirm-email', values: ['hours'] },
  /** notifies the previous address of an account that the address was changed */
  'email-changed': { page: '/undo-email', values: ['time', 'days'] },
  /** carries the secret of an invitation */
  invitation: { page: '/register', values: ['time'] },
  /** notifies a user of a login from a new device in a new network */
  'new-device': { page: '/forgot-password', values: ['time', 'device'] },
  /** notifies a user that a session ended because one of its tokens was used again */
  'refresh-reused': { page: '/forgot-password', values: ['time'] },
  /** notifies the owner of an account that the password was changed */
  'password-changed': { page: '/forgot-password', values: ['time'] },
  /** notifies the owner of an account that a second factor was added */
  'factor-added': { page: '/forgot-password', values: ['time'] },
  /** notifies the owner of an account that a second factor was removed */
  'factor-removed': { page: '/forgot-password', values: ['time'] },
  /** notifies the owner of an account that the recovery codes were replaced */
  'recovery-codes-replaced': { page: '/forgot-password', values: ['time'] },
  /** notifies the owner of an account that someone signed in with a recovery code */
  'recovery-code-used': { page: '/forgot-password', values: ['time', 'left'] },
  /** notifies the owner of an account that a passkey may have been copied */
  'passkey-suspected': { page: '/forgot-password', values: ['time', 'added'] },
  /** notifies the owner of an account that a login at another provider was linked */
  'identity-linked': { page: '/forgot-password', values: ['time', 'provider'] },
  /** notifies the owner of an account that such a link was removed */
  'identity-unlinked': { page: '/forgot-password', values: ['time', 'provider'] },
  /** notifies the owner of an account that it will be deleted, and until when a login keeps it */
  'deletion-requested': { page: '/forgot-password', values: ['time', 'deletion'] },
  /** notifies the owner of an account that a login has kept it from being deleted */
  'deletion-cancelled': { page: '/forgot-password', values: ['time'] },
  /** notifies the owner of an account that somebody has exported its data */
  'account-exported': { page: '/forgot-password', values: ['time'] }
} as const satisfies Record<string, Letter>

export type LetterName = keyof typeof letters

export const letterNames = Object.keys(letters) as LetterName[]

/** The placeholders that every template can have. */
export const commonValues = ['app', 'email', 'link'] as const

/**
 * The link of a letter. A token stands in the fragment: browsers send it neither to the server of
 * the page nor in `Referer` (RFC 9110 §10.1.3), and no log of a server has it.
 */
export const linkOf = (appUrl: string, name: LetterName, token: string | null): string => {
  const base = appUrl.endsWith('/') ? appUrl.slice(0, -1) : appUrl
  const page = `${base}${letters[name].page}`
  return token === null ? page : `${page}#token=${token}`
}
