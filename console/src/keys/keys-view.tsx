import { useSignal } from '@preact/signals'
import { ask } from '../api/ask.ts'
import type { SigningKey } from '../api/responses.ts'
import { isLive, keys } from '../live/live.ts'
import { attempt } from '../parts/notices.tsx'
import { Runbook } from '../parts/runbook.tsx'
import { shortKid } from '../parts/text.ts'
import { ViewOnly } from '../parts/view-only.tsx'
import { mayChange } from '../session/session.ts'
import { KeyTimeline } from './key-timeline.tsx'
import { RevocationPanel } from './revocation-panel.tsx'
import { RotationPanel } from './rotation-panel.tsx'

const algorithms = ['ES256', 'EdDSA', 'RS256'] as const

/** The signing keys, and a rotation as it happens. */
export function KeysView() {
  if (keys.value === null) {
    return (
      <p class="card">
        {isLive.value ? 'Waiting for the keys …' : 'Connecting to the auth service …'}
      </p>
    )
  }
  return (
    <>
      {mayChange() ? <NewKey /> : <ViewOnly what="the keys" />}
      <RevocationPanel />
      <RotationPanel />
      <KeyTimeline />
    </>
  )
}

/** Rotates, or creates a standby key. */
function NewKey() {
  const algorithm = useSignal('')
  const isBusy = useSignal(false)
  const body = () => (algorithm.value === '' ? {} : { algorithm: algorithm.value })
  const run = async (work: () => Promise<string>) => {
    if (isBusy.value) return
    isBusy.value = true
    await attempt(work)
    isBusy.value = false
  }
  const rotate = () =>
    run(async () => {
      const changed = await ask<{ keys: SigningKey[] }>('POST', '/ops/keys/rotate', body())
      const active = changed.keys.find(({ state }) => state === 'active')
      return `${shortKid(active?.kid ?? 'The new key')} is active. Every live gateway has it.`
    })
  const create = () =>
    run(async () => {
      const { key } = await ask<{ key: SigningKey }>('POST', '/ops/keys', body())
      return `${shortKid(key.kid)} is published, and does not sign yet.`
    })
  return (
    <section class="toolbar" aria-label="New key">
      {/* Not `disabled`, with which a button loses the focus of those who use the keyboard. */}
      <button type="button" class="primary" aria-disabled={isBusy} onClick={() => void rotate()}>
        {isBusy.value ? 'Working …' : 'Rotate'}
      </button>
      <button type="button" aria-disabled={isBusy} onClick={() => void create()}>
        Create a standby key
      </button>
      <label>
        Algorithm{' '}
        <select
          value={algorithm}
          onChange={({ currentTarget }) => (algorithm.value = currentTarget.value)}
        >
          <option value="">as configured</option>
          {algorithms.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <p class="hint">
        Rotate publishes a new key, waits until every live gateway holds it, and then signs with it.
        If a key has leaked, revoke it: every gateway refuses its tokens within a second. Runbooks:{' '}
        <Runbook name="planned-rotation">planned rotation</Runbook>,{' '}
        <Runbook name="leaked-signing-key">a signing key has leaked</Runbook>.
      </p>
    </section>
  )
}
