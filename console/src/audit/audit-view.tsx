import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ask } from '../api/ask.ts'
import type { AuditEvents, UserResponse } from '../api/operator-api.ts'
import { messageOf } from '../api/problem.ts'
import type { AuditEvent } from '../api/responses.ts'
import { isLive, missed, recent } from '../live/live.ts'
import { inOrder } from '../parts/in-order.ts'
import { Fault } from '../parts/loaded.tsx'
import { isUserId } from '../parts/text.ts'
import { subject } from '../view.ts'
import { auditKinds } from './audit-kinds.ts'
import { EventList } from './event-list.tsx'
import { type AuditFilter, matchingEvents } from './matching-events.ts'
import { VerifyPanel } from './verify-panel.tsx'

const AT_ONCE = 200

const filter = signal<AuditFilter>({ kind: '', subject: '' })
/** An e-mail address or an id, as it was typed. */
const who = signal('')
const read = signal<readonly AuditEvent[] | null>(null)
const fault = signal<string | null>(null)

/** Live events have ids only. A deleted user is found by the id. */
async function idOf(text: string): Promise<string> {
  if (text === '' || isUserId(text)) return text
  const path = `/ops/users/${encodeURIComponent(text)}`
  return (await ask<UserResponse>('GET', path)).user.id
}

const begin = inOrder()
/** The kind of the newest search, which may not be answered yet. */
let soughtKind = ''

async function search(kind: string): Promise<void> {
  const isShown = begin()
  soughtKind = kind
  try {
    const user = await idOf(who.value.trim())
    const query = new URLSearchParams({ limit: String(AT_ONCE) })
    if (kind !== '') query.set('kind', kind)
    if (user !== '') query.set('user', user)
    const response = await ask<AuditEvents>('GET', `/ops/audit?${query}`)
    if (!isShown()) return
    filter.value = { kind, subject: user }
    read.value = response.events
    fault.value = null
  } catch (error) {
    if (isShown()) fault.value = messageOf(error)
  }
}

/** The audit log: what happened, and what happens. */
export function AuditView() {
  const named = subject.value
  useEffect(() => {
    if (named !== '') who.value = ''
    soughtKind = named || soughtKind
  }, [named])
  useEffect(() => void search(soughtKind), [named, missed.value])
  const events = matchingEvents(read.value ?? [], recent.value, filter.value)
  return (
    <>
      <VerifyPanel />
      <section class="card" aria-labelledby="audit">
        <div class="row">
          <h2 id="audit">Audit log</h2>
          <span class="hint">
            {isLive.value ? 'New events appear automatically.' : 'Connecting to the live events …'}
          </span>
        </div>
        <SearchForm />
        <Fault text={fault.value} />
        {read.value === null ? <p>Waiting for the events …</p> : <EventList events={events} />}
        {read.value?.length === AT_ONCE && (
          <p class="hint">
            Earlier events are not shown. Choose a kind or a user, or export all of them.
          </p>
        )}
      </section>
    </>
  )
}

function SearchForm() {
  return (
    <form
      class="toolbar"
      onSubmit={(event) => {
        event.preventDefault()
        void search(soughtKind)
      }}
    >
      <label>
        Kind{' '}
        <select
          value={filter.value.kind}
          onChange={({ currentTarget }) => void search(currentTarget.value)}
        >
          <option value="">all</option>
          {auditKinds.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
      </label>
      <label>
        User{' '}
        <input
          value={who}
          class="who"
          placeholder="e-mail address or id"
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => (who.value = currentTarget.value)}
        />
      </label>
      <button type="submit">Search</button>
    </form>
  )
}
