import { useSignal } from '@preact/signals'
import type { Delivery } from '../api/delivery-responses.ts'
import { now } from '../api/server-time.ts'
import { Confirm } from '../parts/confirm.tsx'
import { Mark, type Tone } from '../parts/mark.tsx'
import { attempt } from '../parts/notices.tsx'
import { agoText, timeText } from '../parts/text.ts'
import { mayChange } from '../session/session.ts'
import { change } from './deliveries.ts'

type RowProps = {
  readonly message: Delivery
  readonly path: string
  readonly columns: readonly string[]
  readonly cells: readonly string[]
}

const tones: Readonly<Record<Delivery['state'], Tone>> = {
  pending: 'wait',
  delivered: 'good',
  dead: 'bad',
  discarded: 'quiet'
}

/** A message: what it is, how its attempts ended, and what can be done. */
export function MessageRow({ message, path, columns, cells }: RowProps) {
  const { createdAt, state, attempts } = message
  return (
    <tr>
      <th scope="row">
        <time dateTime={createdAt}>{timeText(createdAt)}</time>
      </th>
      {columns.map((name, place) => (
        <td key={name} data-name={name}>
          {cells[place]}
        </td>
      ))}
      <td data-name="State">
        <Mark tone={tones[state]}>{state}</Mark>
        <span class="hint">{whyText(message, now.value)}</span>
      </td>
      <td data-name="Attempts">{attempts}</td>
      {mayChange() && (
        <td>
          <Choices message={message} path={path} name={cells[0] ?? ''} />
        </td>
      )}
    </tr>
  )
}

/** Why the last attempt failed, and when the next one is due. */
function whyText({ state, fault, status, nextAttemptAt }: Delivery, nowMs: number): string {
  const why = fault === null ? '' : ` ${fault}${status === null ? '' : ` (${status})`}`
  if (state !== 'pending') return state === 'delivered' ? '' : why
  const next =
    nextAttemptAt === null ? ' waits for an earlier one' : ` next ${dueText(nextAttemptAt, nowMs)}`
  return `${why}${why === '' ? '' : ','}${next}`
}

const dueText = (instant: string, nowMs: number): string =>
  Date.parse(instant) <= nowMs ? 'now' : agoText(Date.parse(instant), nowMs)

type ChoicesProps = Pick<RowProps, 'message' | 'path'> & { readonly name: string }

function Choices({ message: { id, state }, path, name }: ChoicesProps) {
  const isAsking = useSignal(false)
  if (state !== 'dead' && state !== 'pending') return null
  const run = (what: 'retry' | 'discard', done: string) =>
    attempt(() => change(`${path}/${id}/${what}`).then(() => done))
  return (
    <div class="actions">
      {state === 'dead' && (
        <button
          type="button"
          aria-label={`Send ${name} again (${id})`}
          onClick={() => void run('retry', 'It is queued again, with all its attempts.')}
        >
          Send again
        </button>
      )}
      <button
        type="button"
        class="danger"
        aria-label={`Discard ${name} (${id})`}
        onClick={() => (isAsking.value = true)}
      >
        Discard
      </button>
      {isAsking.value && (
        <Confirm
          title="Discard this message?"
          name={name}
          action="Discard it"
          onConfirm={() => run('discard', 'It is discarded, and will not be sent.')}
          onClose={() => (isAsking.value = false)}
        >
          <p>It will not be sent. This cannot be undone.</p>
        </Confirm>
      )}
    </div>
  )
}
