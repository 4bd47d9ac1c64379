import { useSignal } from '@preact/signals'
import { ask } from '../api/ask.ts'
import type { SigningKey } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { Confirm } from '../parts/confirm.tsx'
import { attempt } from '../parts/notices.tsx'
import { Runbook } from '../parts/runbook.tsx'
import { shortKid } from '../parts/text.ts'
import { mayChange } from '../session/session.ts'

/** A change of a key, and how to say that it was made. */
const changes = {
  activate: { title: 'Activate', done: 'signs now' },
  retire: { title: 'Retire', done: 'is retired' },
  revoke: {
    title: 'Revoke',
    done: 'is revoked. Each gateway below says when it refuses its tokens'
  }
} as const

type Change = keyof typeof changes

const make = (change: Change, { kid }: SigningKey): Promise<boolean> =>
  attempt(async () => {
    await ask('POST', `/ops/keys/${kid}/${change}`)
    return `${shortKid(kid)} ${changes[change].done}.`
  })

/** What can be done with a key in its state. */
export function KeyActions({ signingKey: key }: { readonly signingKey: SigningKey }) {
  const isAsking = useSignal(false)
  const isBusy = useSignal(false)
  if (!mayChange() || key.state === 'retired' || key.state === 'revoked') return null
  const run = async (change: Change) => {
    isBusy.value = true
    await make(change, key)
    isBusy.value = false
  }
  return (
    <div class="actions">
      {possible(key, now.value).map((change) => (
        <button
          key={change}
          type="button"
          class={change === 'revoke' ? 'danger' : ''}
          aria-label={`${changes[change].title} ${shortKid(key.kid)}`}
          disabled={isBusy.value}
          onClick={() => {
            if (change === 'revoke') isAsking.value = true
            else void run(change)
          }}
        >
          {changes[change].title}
        </button>
      ))}
      {isAsking.value && (
        <RevokeDialog
          signingKey={key}
          onConfirm={() => run('revoke')}
          onClose={() => (isAsking.value = false)}
        />
      )}
    </div>
  )
}

function possible({ state, withdrawAt }: SigningKey, nowMs: number): Change[] {
  const isOut = state === 'retiring' && withdrawAt !== null && Date.parse(withdrawAt) <= nowMs
  return [
    ...(state === 'standby' ? (['activate', 'retire'] as const) : []),
    ...(isOut ? (['retire'] as const) : []),
    'revoke' as const
  ]
}

type DialogProps = {
  readonly signingKey: SigningKey
  onConfirm(): Promise<unknown>
  onClose(): void
}

function RevokeDialog({ signingKey: { kid, state }, onConfirm, onClose }: DialogProps) {
  const name = shortKid(kid)
  return (
    <Confirm
      title={`Revoke the key ${name}?`}
      name={name}
      action="Revoke it"
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>
        Every gateway refuses its tokens within a second. Users stay signed in: their clients
        refresh.
        {state === 'active' ? ' Another key becomes active at once.' : ''} This cannot be undone.
      </p>
      <p>
        If the database and the key-encryption key leaked too, revoke every key, the active one
        last: <Runbook name="leaked-signing-key">a signing key has leaked</Runbook>.
      </p>
    </Confirm>
  )
}
