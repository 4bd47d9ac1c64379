import type { Queue, Status } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { Fact } from '../parts/facts.tsx'
import { Mark } from '../parts/mark.tsx'
import { agoText, numberText } from '../parts/text.ts'

const names = { mail: 'E-mails', webhook: 'Webhooks' } as const

/** The audit log, and what waits to be sent. */
export function LogCard({ status }: { readonly status: Status | null }) {
  return (
    <section class="card" aria-labelledby="log">
      <h2 id="log">Audit log and outbox</h2>
      {status === null ? <p>Waiting …</p> : <LogFacts status={status} />}
    </section>
  )
}

function LogFacts({ status: { auditLog, queues } }: { readonly status: Status }) {
  const { last, head } = auditLog
  return (
    <dl class="pairs">
      <Fact name="Events">{numberText(last)}</Fact>
      <Fact name="Signed">
        {head === null ? 'not yet' : agoText(Date.parse(head.at), now.value)}
      </Fact>
      {head !== null && (
        <Fact name="Chain">
          <Mark tone={head.intact ? 'good' : 'bad'}>
            {head.intact ? 'verified when signed' : 'did not verify'}
          </Mark>
        </Fact>
      )}
      {queues.map((queue) => (
        <Fact key={queue.kind} name={names[queue.kind]}>
          <QueueText queue={queue} />
        </Fact>
      ))}
    </dl>
  )
}

function QueueText({ queue: { pending, dead } }: { readonly queue: Queue }) {
  const waits =
    pending === 0 ? 'none waits' : `${numberText(pending)} ${pending === 1 ? 'waits' : 'wait'}`
  if (dead === 0) return <>{waits}</>
  return (
    <>
      {waits}, <Mark tone="wait">{numberText(dead)} failed</Mark>
    </>
  )
}
