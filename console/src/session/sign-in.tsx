import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { messageOf, Problem } from '../api/problem.ts'
import { signIn } from './session.ts'

const refusalOf = (error: unknown): string =>
  error instanceof Problem && error.code === 'UNAUTHENTICATED'
    ? 'This token is not valid. It may have expired or been revoked: ask an admin for another one.'
    : messageOf(error)

/** Asks for the token of an operator. */
export function SignIn({ fault: before }: { readonly fault: string | null }) {
  const token = useSignal('')
  const fault = useSignal(before)
  const isBusy = useSignal(false)
  const field = useRef<HTMLInputElement>(null)
  const submit = async (event: Event) => {
    event.preventDefault()
    isBusy.value = true
    try {
      await signIn({ token: token.value.trim() })
    } catch (error) {
      fault.value = refusalOf(error)
      field.current?.focus()
      field.current?.select()
    }
    isBusy.value = false
  }
  return (
    <main class="sign-in">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1>
          <img src="icon.svg" alt="" width="28" height="28" /> Gatehouse console
        </h1>
        {!isSecureContext && (
          <p class="notice fault" role="alert">
            The browser stores no session for this address, because the connection is not encrypted.
            Use TLS, or <code>localhost</code> through a tunnel.
          </p>
        )}
        {/* The name under which a password manager keeps the token. */}
        <input type="text" autocomplete="username" value="operator" readOnly hidden />
        <label for="token">Operator token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autocomplete="current-password"
          required
          value={token}
          aria-describedby="where"
          onInput={({ currentTarget }) => (token.value = currentTarget.value)}
        />
        <p id="where" class="hint">
          Or open the link that <code>npm run -s ops -- console</code> shows.
        </p>
        {fault.value !== null && (
          <p class="notice fault" role="alert">
            {fault.value}
          </p>
        )}
        <button type="submit" class="primary" disabled={isBusy}>
          Sign in
        </button>
      </form>
    </main>
  )
}
