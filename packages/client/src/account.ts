import type { Abortable } from './abortable.ts'
import type {
  AccountDeletion,
  AccountExport,
  EmailAddress,
  EmailVerification,
  LetterLink,
  PasswordChange,
  PasswordReset,
  SentLetter,
  UndoneEmail,
  UnverifiedEmail,
  VerifiedEmail
} from './api.ts'
import type { GatehouseClient } from './gatehouse-client.ts'
import { noResponse, problemOf } from './post.ts'
import { GatehouseProblem } from './problem.ts'

export type {
  AccountDeletion,
  AccountExport,
  EmailAddress,
  EmailVerification,
  LetterLink,
  PasswordChange,
  PasswordReset,
  SentLetter,
  UndoneEmail,
  UnverifiedEmail,
  VerifiedEmail
}

export type AccountCall<Body, Result = void> = (body: Body, options?: Abortable) => Promise<Result>

/**
 * Changes of an account by its user. With the token of a link, no user need be signed in. A method
 * rejects with `GatehouseProblem`, or after an abort with the reason of its `signal`. `FORBIDDEN`:
 * the link is unknown, used or expired, or the installation sends no mail.
 */
export type Account = {
  /** Sends the user a link that sets a new password, if the address has an account. */
  readonly forgotPassword: AccountCall<EmailAddress>
  /** Sets the password with the token of a link, and ends every session of the user. */
  readonly resetPassword: AccountCall<PasswordReset>
  /** Changes the password of the user who is signed in, and ends all their other sessions. */
  readonly changePassword: AccountCall<PasswordChange>
  /**
   * Sends the user a link that verifies the address of an account. Returns the `pageSecret` that it
   * was given, or one that proves nothing.
   */
  readonly sendVerification: AccountCall<UnverifiedEmail, SentLetter>
  /**
   * Verifies an address with the token of a link. Without the `pageSecret` of this browser, this
   * removes the password and ends the sessions of the account.
   */
  readonly verifyEmail: AccountCall<EmailVerification, VerifiedEmail>
  /**
   * Sends a link to the new address of the user who is signed in. Nothing changes until the link is
   * opened. `UNAUTHENTICATED`: the user must sign in again first.
   */
  readonly changeEmail: AccountCall<EmailAddress>
  /** Gives the account its new address, with the token of a link. */
  readonly confirmEmail: AccountCall<LetterLink>
  /**
   * Restores the previous address, with the token of the link that was sent to it. Removes the
   * password, and ends every session of the account.
   */
  readonly undoEmail: AccountCall<LetterLink, UndoneEmail>
  /**
   * Deletes the account of the user who is signed in, and ends every session. Until the time in the
   * result, a login keeps the account. `UNAUTHENTICATED`: the user must sign in again first.
   */
  readonly deleteAccount: (options?: Abortable) => Promise<AccountDeletion>
  /**
   * Everything that is stored about the user who is signed in. Requests one page of events after
   * the other, and waits if the server limits their number. `UNAUTHENTICATED`: as above.
   */
  readonly exportAccount: (options?: Abortable) => Promise<AccountExport>
}

/** The account of the user of this client. */
export function accountOf({ fetch }: Pick<GatehouseClient, 'fetch'>): Account {
  const send = async <Result>(
    path: string,
    request: RequestInit,
    resultOf: (response: Response) => Promise<Result>,
    { signal }: Abortable = {}
  ): Promise<Result> => {
    try {
      const response = await fetch(`/auth/${path}`, { ...request, signal: signal ?? null })
      if (!response.ok) throw await problemOf(response)
      return await resultOf(response)
    } catch (error) {
      throw signal?.aborted || error instanceof GatehouseProblem ? error : noResponse(error)
    }
  }
  const headers = { 'content-type': 'application/json' }
  const call =
    <Body extends object, Result>(
      path: string,
      resultOf: (response: Response) => Promise<Result>
    ): AccountCall<Body, Result> =>
    (body, options) =>
      send(path, { method: 'POST', headers, body: JSON.stringify(body) }, resultOf, options)
  const nothing = async () => {}
  const json = async <Result>(response: Response) => (await response.json()) as Result

  return {
    forgotPassword: call('password/forgot', nothing),
    resetPassword: call('password/reset', nothing),
    changePassword: call('password', nothing),
    sendVerification: call('email/verify/send', json<SentLetter>),
    verifyEmail: call('email/verify', json<VerifiedEmail>),
    changeEmail: call('email', nothing),
    confirmEmail: call('email/confirm', nothing),
    undoEmail: call('email/undo', json<UndoneEmail>),
    deleteAccount: (options) =>
      send('account', { method: 'DELETE' }, json<AccountDeletion>, options),
    async exportAccount(options) {
      const path = 'account/export'
      const { next, ...all } = await send(path, {}, json<AccountExport & Page>, options)
      for (let after = next; after !== null; ) {
        const page = send(`${path}/events?after=${after}`, {}, json<Page>, options)
        const more = await page.catch((error) => limited(error, options?.signal))
        if (!more) continue
        all.events.push(...more.events)
        after = more.next
      }
      return all
    }
  }
}

/**
 * Waits as long as a rate limit asks for.
 * @throws every other error
 */
function limited(error: unknown, signal?: AbortSignal | null): Promise<void> {
  if (!(error instanceof GatehouseProblem) || error.code !== 'RATE_LIMITED') throw error
  return new Promise((resolve) => {
    // After an abort, the next request rejects with the reason.
    const proceed = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(proceed, (error.retryAfter ?? 1) * 1000)
    signal?.addEventListener('abort', proceed)
    if (signal?.aborted) proceed()
  })
}

/** Some of the events of an account; `next` leads to more. */
type Page = Pick<AccountExport, 'events'> & { readonly next: string | null }

/** Members of `globalThis` that only browsers have. */
type Browser = {
  readonly location: { readonly hash: string; readonly pathname: string; readonly search: string }
  readonly history: {
    readonly state: unknown
    replaceState(state: unknown, unused: string, url: string): void
  }
}

/**
 * The token of the link that opened this page; null without one. Removes it from the address, so
 * that neither the history nor a copy of the address has it.
 */
export function takeLinkToken(): string | null {
  const { location, history } = globalThis as unknown as Browser
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token !== null) history.replaceState(history.state, '', location.pathname + location.search)
  return token
}
