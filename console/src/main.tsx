import { signal } from '@preact/signals'
import { render } from 'preact'
import { followWhileSignedIn } from './live/live.ts'
import { keepAlive } from './session/keep-alive.ts'
import { beginSession, hasEnded, operator } from './session/session.ts'
import { SignIn } from './session/sign-in.tsx'
import { Shell } from './shell.tsx'

/** Why the link or the earlier session does not work. */
const fault = signal<string | null>(null)

const ENDED = 'Your session has ended. Sign in again.'

function Console() {
  const { value: signedIn } = operator
  if (signedIn === undefined) return <p class="opening">Loading …</p>
  if (signedIn !== null) return <Shell fault={fault.value} />
  return <SignIn fault={fault.value ?? (hasEnded() ? ENDED : null)} />
}

const root = document.querySelector('#console')
if (root === null) throw new Error('the page has no #console')
render(<Console />, root)
followWhileSignedIn()
keepAlive()
void beginSession((message) => {
  fault.value = message
})
