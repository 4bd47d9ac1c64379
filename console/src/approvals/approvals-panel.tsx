import { effect, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ask } from '../api/ask.ts'
import type { Approval } from '../api/problem.ts'
import { recent } from '../live/live.ts'
import { attempt } from '../parts/notices.tsx'
import { timeText } from '../parts/text.ts'
import { mayChange, operator } from '../session/session.ts'
import { requestText } from './request-text.ts'

const waiting = signal<readonly Approval[]>([])

async function read(): Promise<void> {
  const answer = await ask<{ approvals: Approval[] }>('GET', '/ops/approvals').catch(() => null)
  if (answer !== null) waiting.value = answer.approvals
}

const kinds = ['approval-requested', 'request-approved', 'request-rejected']

/** Requests that need a second operator (AUTH_OPS_FOUR_EYES). Absent if there is none. */
export function ApprovalsPanel() {
  useEffect(() => {
    void read()
    return effect(() => {
      if (kinds.includes(recent.value[0]?.kind ?? '')) void read()
    })
  }, [])
  if (waiting.value.length === 0) return null
  return (
    <section class="card" aria-labelledby="approvals">
      <h2 id="approvals">Requests that need two operators</h2>
      <ul class="approvals">
        {waiting.value.map((approval) => (
          <Waiting key={approval.id} approval={approval} />
        ))}
      </ul>
    </section>
  )
}

function Waiting({ approval }: { readonly approval: Approval }) {
  const { id, state, requestedBy, expiresAt } = approval
  const what = requestText(approval)
  const isOwn = requestedBy === operator.value?.name
  const decide = (decision: 'approve' | 'reject', done: string) =>
    attempt(async () => {
      await ask('POST', `/ops/approvals/${id}/${decision}`)
      await read()
      return `${what} ${done}`
    })
  return (
    <li>
      <code>{what}</code>
      <span>
        requested by {requestedBy}, {state}, expires {timeText(expiresAt)}
      </span>
      {mayChange() && (
        <span class="actions">
          {!isOwn && state === 'pending' && (
            <button
              type="button"
              aria-label={`Approve ${what}`}
              onClick={() =>
                void decide('approve', `is approved: ${requestedBy} can now repeat it.`)
              }
            >
              Approve
            </button>
          )}
          <button
            type="button"
            aria-label={`Reject ${what}`}
            onClick={() => void decide('reject', 'is rejected.')}
          >
            {isOwn || state === 'approved' ? 'Withdraw' : 'Reject'}
          </button>
        </span>
      )}
    </li>
  )
}
