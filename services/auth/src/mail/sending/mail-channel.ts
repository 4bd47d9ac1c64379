import { type Kysely, sql } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import type { Channel } from '../../outbox/attempts/channel.ts'
import { leaseOf, targetPauseMs } from '../../outbox/attempts/retry-delay.ts'
import {
  type Attempt,
  type ClaimedDelivery,
  type DeliveryClocks,
  failed
} from '../../outbox/delivery.ts'
import type { SealingKeys } from '../../secrets/seal.ts'
import { type LetterName, linkOf } from '../letter.ts'
import { mailableAddress } from '../mail-address.ts'
import { DOMAIN_LENGTH, MAIL_TARGET } from '../queue/mail-queue.ts'
import { type QueuedMail, unsealMail } from '../queue/queued-mail.ts'
import type { Templates } from '../templates/templates.ts'
import { type DueLetters, type MailPlaces, mailPlaces } from './mail-places.ts'
import { letterFaults, type MailTransport, type OutgoingMail } from './outgoing-mail.ts'

/**
 * Decides the recipient of a letter, and makes its token valid. Null: there is nothing to send, for
 * example because no account has the address.
 * @throws Error if the database does not answer; the letter is attempted again
 */
export type PrepareLetter = (mail: WaitingMail, nowMs: number) => Promise<Recipient | null>

/** A letter, and when it was queued. */
type WaitingMail = QueuedMail & {
  /** milliseconds since 1970 */
  readonly queuedAtMs: number
}

export type Recipient = {
  readonly email: string
  /** the address as its owner typed it; null: not known */
  readonly emailTyped: string | null
  /** the letter that is sent instead, without a token */
  readonly letter?: LetterName
  /** for the placeholders of its template */
  readonly values: Readonly<Record<string, string>>
}

export type PrepareLetters = Readonly<Record<LetterName, PrepareLetter>>

export type MailChannelOptions = DeliveryClocks & {
  readonly db: Kysely<Tables>
  readonly sealing: SealingKeys
  readonly templates: Templates
  readonly transport: MailTransport
  readonly prepare: PrepareLetters
  /** the name of the application, as readers see it */
  readonly app: string
  readonly appUrl: string
  /** how many letters one process sends at the same time */
  readonly concurrency: number
  /** for one attempt */
  readonly timeoutMs: number
  /** 0 to 1 */
  readonly random: () => number
  /** for tests: how many domains one round looks at */
  readonly mostDomains?: number
}

const LONGEST_PAUSE_MS = 60_000

/**
 * The pauses between the attempts to send a letter, in seconds: eight hours in all. Servers that
 * greylist accept a letter after some minutes (RFC 6647 §5).
 */
const PAUSES = [5, 60, 300, 900, 3600, 7200, 14_400] as const

/**
 * Sends letters. While the server is down, it gets one attempt at a time, with longer pauses
 * between them, however many letters wait.
 */
export function mailChannel(options: MailChannelOptions): Channel {
  const { concurrency, timeoutMs, random, clock, monotonicClock } = options
  const server = { failures: 0, pausedUntilMs: Number.NEGATIVE_INFINITY }
  const isPaused = () => monotonicClock() < server.pausedUntilMs
  const places = mailPlaces(clock)
  return {
    kind: 'mail',
    leaseMs: leaseOf(timeoutMs),
    pausesSeconds: PAUSES,
    async ready(nowMs) {
      if (isPaused()) return []
      const most = server.failures > 0 ? 1 : concurrency
      const offers = places.offer(await dueLetters(options, places.trusted(), nowMs), most)
      return [...offers].map(([domain, most]) => ({
        target: MAIL_TARGET,
        lanes: domain,
        most,
        send: (...of) => inPlace(places, domain, () => sendLetter(options, ...of))
      }))
    },
    async note(_transaction, _target, attempt) {
      if (attempt.outcome === 'delivered') server.failures = 0
      if (attempt.outcome !== 'failed' || letterFaults.has(attempt.fault)) return null
      // Attempts that were in progress when the server failed are part of the same failure.
      if (isPaused()) return null
      server.failures += 1
      const pauseMs = targetPauseMs(server.failures, LONGEST_PAUSE_MS, random)
      server.pausedUntilMs = monotonicClock() + pauseMs
      return null
    }
  }
}

/** how many domains one round looks at */
const MOST_DOMAINS = 100

const DOMAIN = sql<string>`substr(lane, 1, ${sql.lit(DOMAIN_LENGTH)})`

/**
 * The domains to which letters are due: those that wait longest, and then the trusted ones, however
 * many others wait.
 */
async function dueLetters(
  { db, mostDomains = MOST_DOMAINS }: Pick<MailChannelOptions, 'db' | 'mostDomains'>,
  trusted: readonly string[],
  nowMs: number
): Promise<DueLetters[]> {
  const due = dueByDomain(db, nowMs)
  const rows = await due.limit(mostDomains).execute()
  // There are no others.
  const isAll = rows.length < mostDomains || trusted.length === 0
  const found = isAll ? [] : await due.where(DOMAIN, 'in', trusted).execute()
  const counts = [...rows, ...found].map(({ domain, count }) => [domain, Number(count)] as const)
  return [...new Map(counts)].map(([domain, count]) => ({ domain, count }))
}

const dueByDomain = (db: Kysely<Tables>, nowMs: number) =>
  db
    .selectFrom('deliveries')
    .select(({ fn }) => [DOMAIN.as('domain'), fn.countAll<number>().as('count')])
    .where('kind', '=', 'mail')
    .where('target', '=', MAIL_TARGET)
    .where('state', '=', 'pending')
    .where('due_at_ms', '<=', nowMs)
    .groupBy(DOMAIN)
    .orderBy(({ fn }) => fn.min('due_at_ms'))

async function inPlace(
  places: MailPlaces,
  domain: string,
  send: () => Promise<Attempt>
): Promise<Attempt> {
  let attempt: Attempt = { outcome: 'stopped' }
  places.begin(domain)
  try {
    attempt = await send()
    return attempt
  } finally {
    places.end(domain, attempt)
  }
}

async function sendLetter(
  options: MailChannelOptions,
  { messageId, payload, createdAtMs: queuedAtMs }: ClaimedDelivery,
  stopping: AbortSignal
): Promise<Attempt> {
  const mail = unsealed(payload, options.sealing, messageId)
  if (mail === null) return failed('unknown-key')
  const recipient = await options.prepare[mail.letter]({ ...mail, queuedAtMs }, options.clock())
  if (recipient === null) return { outcome: 'discarded', fault: 'no-recipient' }
  const to = mailableAddress(recipient)
  if (to === null) return { outcome: 'discarded', fault: 'unmailable' }
  const outgoing = outgoingOf(options, { mail, recipient, to, id: messageId })
  return await options.transport.send(outgoing, stopping)
}

/** Null if another key has encrypted it. All instances on one database need the same keys. */
function unsealed(payload: string, keys: SealingKeys, messageId: string): QueuedMail | null {
  try {
    return unsealMail(payload, keys, messageId)
  } catch {
    return null
  }
}

type Addressed = {
  readonly mail: QueuedMail
  readonly recipient: Recipient
  readonly to: string
  readonly id: string
}

function outgoingOf(
  { templates, app, appUrl }: MailChannelOptions,
  { mail, recipient, to, id }: Addressed
): OutgoingMail {
  const { letter = mail.letter } = recipient
  const { language } = mail
  const email = recipient.emailTyped ?? recipient.email
  const link = linkOf(appUrl, letter, letter === mail.letter ? mail.token : null)
  const values = { ...mail.values, ...recipient.values, app, link, email }
  return { ...templates.render(letter, language, values), id, letter, language, to, link }
}
