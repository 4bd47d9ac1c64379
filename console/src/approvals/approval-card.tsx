import { useSignal } from '@preact/signals'
import type { Approval } from '../api/problem.ts'
import { now } from '../api/server-time.ts'
import { Confirm } from '../parts/confirm.tsx'
import { attempt } from '../parts/notices.tsx'
import { agoText } from '../parts/text.ts'
import { mayChange, operator } from '../session/session.ts'
import { canCarryOut, carryOut, decide, nameOf, textOf } from './carried-out.ts'
import { requestText } from './request-text.ts'

/** A request that waits for a second operator, or that was approved. */
export function ApprovalCard({ approval }: { readonly approval: Approval }) {
  const { state, requestedBy, decidedBy, expiresAt } = approval
  const isOwn = requestedBy === operator.value?.name
  const who = isOwn ? 'You want' : `${requestedBy} wants`
  const until = agoText(Date.parse(expiresAt), now.value)
  return (
    <li>
      <p>
        <strong>
          {who} to {textOf(approval)}.
        </strong>
      </p>
      <p class="hint">
        {state === 'pending' && isOwn && 'Another operator must approve it. '}
        {state === 'approved' ? `${decidedBy} has approved it. ` : ''}
        {state === 'approved' && !isOwn && `${requestedBy} can carry it out. `}
        It expires {until}.
      </p>
      <code>{requestText(approval)}</code>
      {mayChange() && <Choices approval={approval} isOwn={isOwn} />}
    </li>
  )
}

type ChoicesProps = { readonly approval: Approval; readonly isOwn: boolean }

function Choices({ approval, isOwn }: ChoicesProps) {
  const what = textOf(approval)
  const say = (decision: 'approve' | 'reject', done: string) =>
    attempt(() => decide(approval, decision).then(() => done))
  const isApproved = approval.state === 'approved'
  const withdraws = isOwn || isApproved
  const approved = `Approved. ${approval.requestedBy} can carry it out now.`
  return (
    <div class="actions">
      {isApproved && isOwn && <CarryOut approval={approval} />}
      {!isApproved && !isOwn && (
        <button
          type="button"
          class="primary"
          aria-label={`Approve: ${what}`}
          onClick={() => void say('approve', approved)}
        >
          Approve
        </button>
      )}
      <button
        type="button"
        aria-label={`${withdraws ? 'Withdraw' : 'Reject'}: ${what}`}
        onClick={() => void say('reject', withdraws ? 'Withdrawn.' : 'Rejected.')}
      >
        {withdraws ? 'Withdraw' : 'Reject'}
      </button>
    </div>
  )
}

/** The operator who asked carries it out. */
function CarryOut({ approval }: { readonly approval: Approval }) {
  const isAsking = useSignal(false)
  const what = textOf(approval)
  if (!canCarryOut(approval)) return <p>Repeat the command to carry it out.</p>
  const name = nameOf(approval)
  const run = () => attempt(() => carryOut(approval).then(() => `Done: ${what}.`))
  return (
    <>
      <button
        type="button"
        class={name === null ? 'primary' : 'danger'}
        aria-label={`Carry out: ${what}`}
        onClick={() => {
          if (name === null) void run()
          else isAsking.value = true
        }}
      >
        Carry out
      </button>
      {isAsking.value && name !== null && (
        <Confirm
          title="Carry out the approved change?"
          name={name}
          action="Carry it out"
          onConfirm={run}
          onClose={() => (isAsking.value = false)}
        >
          <p>This will {what}. It cannot be undone.</p>
        </Confirm>
      )}
    </>
  )
}
