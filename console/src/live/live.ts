import { effect, signal, untracked } from '@preact/signals'
import type { AuditRecord, Gateway, SigningKey } from '../api/responses.ts'
import { operator } from '../session/session.ts'
import type { ServerEvent } from './event-parser.ts'
import { followEvents } from './follow-events.ts'

/** null: not known yet */
export const keys = signal<readonly SigningKey[] | null>(null)
export const gateways = signal<readonly Gateway[] | null>(null)
/** The newest events of the audit log since the page was opened, the newest first. */
export const recent = signal<readonly AuditRecord[]>([])
/** Changes when events were missed. What was read earlier may then be outdated. */
export const missed = signal(0)

/** Differs when events of these kinds have arrived, or were missed. */
export const changesOf = (kinds: RegExp): string =>
  `${missed.value} ${recent.value.find(({ kind }) => kinds.test(kind))?.seq ?? 0}`

/** Whether live events arrive. */
export const isLive = signal(false)

const MOST_RECENT = 500

function take({ type, data }: ServerEvent): void {
  const content = JSON.parse(data)
  if (type === 'keys') keys.value = content.keys
  if (type === 'gateways') gateways.value = content.gateways
  if (type === 'audit') recent.value = [content, ...recent.value].slice(0, MOST_RECENT)
  if (type === 'gap') skip()
}

/** Those before a gap would look as if nothing had happened after them. */
function skip(): void {
  recent.value = []
  missed.value += 1
}

/** Follows the live events as long as somebody is signed in. */
export function followWhileSignedIn(): void {
  effect(() => {
    const name = operator.value?.name
    if (name === undefined) return
    const ending = new AbortController()
    let wasLive = false
    const onState = (live: boolean) => {
      isLive.value = live
      // The first stream begins with what happens then. Later ones continue.
      if (live && !wasLive) missed.value += 1
      wasLive ||= live
    }
    untracked(() => void followEvents({ onEvent: take, onState }, ending.signal))
    return () => {
      ending.abort()
      isLive.value = false
      keys.value = null
      gateways.value = null
      recent.value = []
    }
  })
}
