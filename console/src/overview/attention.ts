import type { Gateway, SigningKey, Status } from '../api/responses.ts'
import { isLate, isSilent, lagText, SILENT, takesClients } from '../gateways/gateway-state.ts'
import { faultText, faultyFiles } from '../gateways/route-faults.ts'
import { count, shortKid, spanText } from '../parts/text.ts'

/** Something that an operator should look at. */
export type Attention = {
  /** bad: something does not work. wait: it will not, or somebody must decide. */
  readonly tone: 'bad' | 'wait'
  readonly text: string
  /** the view that shows more */
  readonly view: 'keys' | 'gateways' | 'routes' | 'audit' | 'outbox' | 'approvals' | null
  /** the kind of events that the audit log shows then */
  readonly kind?: string
}

/** What is known of the installation. null: not known yet. */
export type Known = {
  readonly status: Status | null
  readonly gateways: readonly Gateway[] | null
  readonly keys: readonly SigningKey[] | null
  /** how many requests wait for a second operator */
  readonly waiting: number
  /** the server errors of the gateways since the page was opened */
  readonly serverErrors: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Heads are signed hourly. */
const HEAD_LATE_MS = 2 * HOUR_MS

/** What needs the attention of an operator, the worst first. Pure. */
export function attentionOf(known: Known, nowMs: number): Attention[] {
  const { status, gateways, keys } = known
  const found = [
    ...(gateways === null ? [] : ofGateways(gateways, keys ?? [])),
    ...(keys === null ? [] : ofKeys(keys, status?.keyRotationDays ?? 0, nowMs)),
    ...(status === null ? [] : [...ofStores(status), ...ofAuditLog(status, nowMs)]),
    ...(status === null ? [] : [...ofEvents(status), ...ofQueues(status, nowMs)]),
    ...ofRequests(known)
  ]
  return found.toSorted((one, other) => rank(one) - rank(other))
}

const rank = ({ tone }: Attention): number => (tone === 'bad' ? 0 : 1)

function ofGateways(gateways: readonly Gateway[], keys: readonly SigningKey[]): Attention[] {
  if (gateways.length === 0) return [{ tone: 'bad', text: 'No gateway is live.', view: 'gateways' }]
  const active = keys.find(({ state }) => state === 'active')
  const found: Attention[] = []
  if (!gateways.some(takesClients)) {
    const text = 'No gateway is ready: load balancers send clients nowhere.'
    found.push({ tone: 'bad', text, view: 'gateways' })
  }
  for (const gateway of gateways) {
    if (gateway.drained) {
      found.push({ tone: 'wait', text: `${gateway.name} is drained.`, view: 'gateways' })
    } else if (!takesClients(gateway)) {
      const text = `${gateway.name} is not ready: ${gateway.failing?.join('; ')}.`
      found.push({ tone: 'wait', text, view: 'gateways' })
    }
    if (isSilent(gateway)) {
      found.push({ tone: 'bad', text: `${gateway.name} ${SILENT}.`, view: 'gateways' })
    }
    if (isLate(gateway)) {
      const text = `${gateway.name} may not know the newest revocations: ${lagText(gateway)}.`
      found.push({ tone: 'bad', text, view: 'gateways' })
    }
    if (active !== undefined && !gateway.kids.includes(active.kid)) {
      const text = `${gateway.name} does not have the key that signs, and refuses its tokens.`
      found.push({ tone: 'bad', text, view: 'gateways' })
    }
  }
  for (const file of faultyFiles(gateways)) {
    found.push({ tone: 'bad', text: faultText(file), view: 'routes' })
  }
  const tables = new Set(gateways.map(({ vitals }) => vitals?.routesVersion))
  if (tables.size > 1) {
    const text = `The gateways have ${tables.size} different route tables.`
    found.push({ tone: 'wait', text, view: 'routes' })
  }
  return found
}

function ofKeys(keys: readonly SigningKey[], rotationDays: number, nowMs: number): Attention[] {
  const active = keys.find(({ state }) => state === 'active')
  if (active === undefined) return [{ tone: 'bad', text: 'No key signs tokens.', view: 'keys' }]
  const ageMs = nowMs - Date.parse(active.activatedAt ?? active.createdAt)
  if (rotationDays === 0 || ageMs < rotationDays * DAY_MS + HOUR_MS) return []
  const text = `${shortKid(active.kid)} has signed for ${spanText(ageMs)}, although keys are rotated every ${count(rotationDays, 'day')}.`
  return [{ tone: 'wait', text, view: 'keys' }]
}

function ofStores({ readiness: { failing, degraded } }: Status): Attention[] {
  const each = (checks: Readonly<Record<string, string>>, tone: Attention['tone']) =>
    Object.values(checks).map((why): Attention => ({ tone, text: sentence(why), view: null }))
  return [...each(failing, 'bad'), ...each(degraded, 'wait')]
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

function ofAuditLog({ auditLog: { head, unchainedSince } }: Status, nowMs: number): Attention[] {
  const found: Attention[] = []
  if (head?.intact === false) {
    const text = 'The audit log did not verify when its end was last signed. Verify it now.'
    found.push({ tone: 'bad', text, view: 'audit' })
  }
  if (head !== null && nowMs - Date.parse(head.at) > HEAD_LATE_MS) {
    const text = `The end of the audit log was last signed ${spanText(nowMs - Date.parse(head.at))} ago.`
    found.push({ tone: 'wait', text, view: 'audit' })
  }
  if (unchainedSince !== null && nowMs - Date.parse(unchainedSince) > MINUTE_MS) {
    const text = 'Events of the audit log have waited for their chain for more than a minute.'
    found.push({ tone: 'wait', text, view: 'audit' })
  }
  return found
}

function ofEvents({ events }: Status): Attention[] {
  const reused = eventsOf(events, ['refresh-reused'])
  if (reused === 0) return []
  const text = `${count(reused, 'spent refresh token')} ${reused === 1 ? 'was' : 'were'} used again in the last hour, which ended ${reused === 1 ? 'its session' : 'their sessions'}: theft, or a client with a bug.`
  return [{ tone: 'wait', text, view: 'audit', kind: 'refresh-reused' }]
}

/** How many events of some kinds there were. */
export const eventsOf = ({ kinds }: Status['events'], names: readonly string[]): number =>
  kinds
    .filter(({ kind }) => names.includes(kind))
    .flatMap(({ counts }) => counts)
    .reduce((sum, one) => sum + one, 0)

function ofQueues({ queues }: Status, nowMs: number): Attention[] {
  return queues.flatMap(({ kind, dead, pendingSince }) => {
    const [what, many] =
      kind === 'mail' ? ['e-mail', 'e-mails'] : ['webhook delivery', 'webhook deliveries']
    const found: Attention[] = []
    if (dead > 0) {
      const text = `${count(dead, what, many)} could not be sent.`
      found.push({ tone: 'wait', text, view: 'outbox' })
    }
    if (pendingSince !== null && nowMs - Date.parse(pendingSince) > HOUR_MS) {
      const text = `The oldest ${what} has waited for ${spanText(nowMs - Date.parse(pendingSince))}.`
      found.push({ tone: 'wait', text, view: 'outbox' })
    }
    return found
  })
}

function ofRequests({ waiting, serverErrors }: Known): Attention[] {
  const found: Attention[] = []
  if (waiting > 0) {
    const text = `${count(waiting, 'request')} of operators ${waiting === 1 ? 'waits' : 'wait'} for a second operator.`
    found.push({ tone: 'wait', text, view: 'approvals' })
  }
  if (serverErrors > 0) {
    const text = `The gateways responded to ${count(serverErrors, 'request')} with a server error in the last minute.`
    found.push({ tone: 'wait', text, view: 'gateways' })
  }
  return found
}
