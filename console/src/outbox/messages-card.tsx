import type { Delivery, DeliveryState } from '../api/delivery-responses.ts'
import { Shown } from '../parts/loaded.tsx'
import { attempt } from '../parts/notices.tsx'
import { ChangesHead, TableHead } from '../parts/table-head.tsx'
import { count } from '../parts/text.ts'
import { mayChange } from '../session/session.ts'
import { type Messages, MOST, states } from './deliveries.ts'
import { MessageRow } from './message-row.tsx'

type CardProps<Message> = {
  readonly id: string
  readonly title: string
  readonly messages: Messages<Message>
  /** of the messages in the operators' API */
  readonly path: string
  /** the columns that only this kind has, and their cells */
  readonly columns: readonly string[]
  readonly cells: (message: Message) => readonly string[]
  /** Queues all that failed again, and returns how many; null: there are none, or no request. */
  readonly onRetryAll: (() => Promise<number>) | null
}

/** Messages of the outbox, and what can be done with those that failed. */
export function MessagesCard<Message extends Delivery>(props: CardProps<Message>) {
  const { id, title, messages, onRetryAll, ...rows } = props
  const retryAll = () =>
    attempt(async () => {
      const retried = await onRetryAll?.()
      return `${count(retried ?? 0, 'message')} queued again.`
    })
  return (
    <section class="card" aria-labelledby={id}>
      <div class="row">
        <h2 id={id}>{title}</h2>
        <label>
          Show{' '}
          <select
            value={messages.state.value ?? ''}
            onChange={({ currentTarget: { value } }) => {
              messages.state.value = value === '' ? null : (value as DeliveryState)
              void messages.read()
            }}
          >
            <option value="">all</option>
            {states.map((state) => (
              <option key={state}>{state}</option>
            ))}
          </select>
        </label>
        {mayChange() && onRetryAll !== null && (
          <button type="button" onClick={() => void retryAll()}>
            Send all dead messages again
          </button>
        )}
      </div>
      <Shown of={messages} what="the messages">
        {(all) => (all.length === 0 ? <Empty state={messages.state.value} /> : Rows(rows, all))}
      </Shown>
    </section>
  )
}

const Empty = ({ state }: { readonly state: DeliveryState | null }) => (
  <p>{state === null ? 'There are none.' : `None is ${state}.`}</p>
)

type RowsProps<Message> = Pick<CardProps<Message>, 'path' | 'columns' | 'cells'>

function Rows<Message extends Delivery>(
  { path, columns, cells }: RowsProps<Message>,
  all: readonly Message[]
) {
  const names = ['Queued', ...columns, 'State', 'Attempts']
  return (
    <>
      <table class="messages">
        <TableHead columns={names}>{mayChange() && <ChangesHead />}</TableHead>
        <tbody>
          {all.map((message) => (
            <MessageRow
              key={message.id}
              message={message}
              path={path}
              columns={columns}
              cells={cells(message)}
            />
          ))}
        </tbody>
      </table>
      {all.length === MOST && <p class="hint">The newest {MOST}. Choose a state to see others.</p>}
    </>
  )
}
