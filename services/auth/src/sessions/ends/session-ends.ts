import type { AuditEvent, RequestSource } from '../../audit/audit-event.ts'
import type { DurableSessions } from '../durable/durable-sessions.ts'
import type { SessionEnd } from '../durable/session-end.ts'
import type { Families, UnrecordedEnd } from '../families/families.ts'
import { completeTheLogs } from './complete-the-logs.ts'
import { type EndPublisher, type EndPublisherOptions, endPublisher } from './end-publisher.ts'
import { inEachPartition, throwFirst } from './in-each-partition.ts'

/**
 * Ends sessions in the database, which records the end, and in the session store, which refuses the
 * tokens and notifies the gateways. The ways in which a session ends:
 *
 * - A user or an operator ends one session or all of a user: `end`, `endAll`.
 * - A change of the account ends all of its sessions, in its own transaction
 *   (`database/end-sessions.ts`): another password, an address that was verified without the secret
 *   of its page, an undone change of the address, a first second factor, a reset of the factors, a
 *   disabled or a deleted account. Afterwards, the route calls `publishAll`.
 * - The session store ends one, because a spent token was used again (`Families.present`) or a user
 *   has too many (`evict`). It keeps a note (`end-notes.ts`) until `record` has written the end.
 * - A login or a refresh finds that the database has ended it meanwhile (`../publish-if-ended.ts`).
 * - An operator ends those of all users (`../durable/end-every-session.ts`). These ends are not
 *   published to the session store.
 * - It expires. Both stores know the time, so neither writes it down.
 *
 * An end that the session store may not know is *unpublished* (`end-publications.ts`). If a process
 * is killed between the two stores, or one does not answer, the next round of `settle` of any
 * instance publishes to the one (`end-publisher.ts`) and records in the other.
 */
export type SessionEnds = {
  /**
   * Ends one session of a user. Returns whether it had not ended, or its end was not published to
   * the session store.
   * @throws Refusal UNAVAILABLE if one of the two does not answer; the call can be repeated
   */
  end(event: SessionEnd): Promise<boolean>
  /** Ends every session of a user except that of the event. Returns how many. */
  endAll(event: AuditEvent & { readonly subject: string }): Promise<number>
  /** Publishes ends that the database already has to the session store. */
  publish(subject: string, sids: readonly string[]): Promise<void>
  /** The same for all sessions of a user except one, after these have been ended. */
  publishAll(subject: string, except: string | null, sids: readonly string[]): Promise<void>
  /** Records an end that the session store decided in the database. */
  record(ending: UnrecordedEnd): Promise<void>
  /** Ends the oldest sessions of a user who has too many, but not the one that was just opened. */
  evict(subject: string, justOpened: string, source: RequestSource): Promise<void>
  /** Completes what any instance has left undone. */
  settle(): Promise<void>
}

/** for how long only the process that began an end may complete it */
const UNDER_WAY_MS = 2000

type Stores = { readonly durable: DurableSessions; readonly families: Families }

export type SessionEndsOptions = Stores & Omit<EndPublisherOptions, keyof Stores>

export function sessionEnds(options: SessionEndsOptions): SessionEnds {
  const { durable, families, clock } = options
  const publisher = endPublisher(options)
  const { publish, publishAll } = publisher
  const publishLeft = (beforeMs: number) => publishUnpublished(options, publish, beforeMs)
  const steps = [
    publisher.followRun,
    () => recordUnrecorded(options),
    async () => throwFirst(await publishLeft(clock() - UNDER_WAY_MS))
  ]
  return {
    publish,
    publishAll,
    record: (ending) => record(ending, options),
    async evict(subject, justOpened, source) {
      const outdated = await outdatedOf(subject, options)
      if (outdated.length > 0) await publish(subject, outdated)
      await families.evict(subject, justOpened, source)
      const { ends } = await families.unrecorded(subject)
      for (const ending of ends) if (ending.subject === subject) await record(ending, options)
    },
    end: (event) => endOne(event, options, publisher),
    async endAll(event) {
      const sids = await durable.endAll(event)
      await publishAll(event.subject, event.sid, sids)
      return sids.length
    },
    async settle() {
      // At once, so that a partition that does not answer delays a round only once.
      const done = await Promise.allSettled(steps.map((step) => step()))
      await publisher.notePublished()
      const incomplete = publisher.incomplete()
      if (incomplete.size > 0) {
        const completing = completeTheLogs(incomplete, publishLeft, options)
        done.push(...(await Promise.allSettled([completing])))
        await publisher.notePublished()
      }
      for (const step of done) if (step.status === 'rejected') throw step.reason
    }
  }
}

async function record(ending: UnrecordedEnd, { durable, families }: Stores): Promise<void> {
  const { kind, subject, sid, source, detail, atMs } = ending
  await durable.record({ kind, subject, sid, source, detail }, atMs)
  await families.recorded({ subject, sid })
}

/** Records the ends whose process has not done so. */
async function recordUnrecorded({ durable, families, clock }: SessionEndsOptions): Promise<void> {
  const { ends, unreadable, fault } = await families.unrecorded()
  const left = ends.filter(({ atMs }) => atMs < clock() - UNDER_WAY_MS)
  const work = (ending: UnrecordedEnd) => record(ending, { durable, families })
  throwFirst(await inEachPartition([left], families, work))
  if (fault !== null) throw fault
  if (unreadable > 0) {
    throw new Error(
      `the session store has ${unreadable} notes of ended sessions that cannot be read`
    )
  }
}

/**
 * Publishes the ends earlier than `beforeMs` that their own process did not publish to the session
 * store.
 * @returns the first fault of each partition that has one
 */
function publishUnpublished(
  { publications, families }: SessionEndsOptions,
  publish: EndPublisher['publish'],
  beforeMs: number
): Promise<ReadonlyMap<string, unknown>> {
  const unpublished = publications.unpublished(beforeMs)
  return inEachPartition(unpublished, families, ({ subject, sids }) => publish(subject, sids))
}

async function endOne(
  event: SessionEnd,
  stores: Stores,
  { publish, hasPublished }: EndPublisher
): Promise<boolean> {
  const { durable } = stores
  const { subject, sid } = event
  let ended = await durable.end(event)
  if (!ended.known && (await adopt(subject, sid, stores))) ended = await durable.end(event)
  const isUnpublished = ended.unpublished && !hasPublished(sid)
  if (isUnpublished) await publish(subject, [sid])
  return ended.changed || isUnpublished
}

/** A session that was opened before the database stored sessions. */
async function adopt(subject: string, sid: string, { durable, families }: Stores) {
  const { live } = await families.list(subject)
  const family = live.find((one) => one.sid === sid)
  if (family === undefined) return false
  await durable.adopt(subject, sid, family.record, family.record.openedAt)
  return true
}

/**
 * A store that came back with an old copy contains sessions that ended long ago. They must not make
 * another session end.
 */
async function outdatedOf(subject: string, { durable, families }: Stores): Promise<string[]> {
  const { live } = await families.list(subject)
  const sids = live.map(({ sid }) => sid)
  const ended = (await durable.list(subject, sids)).filter((one) => one.ended)
  return ended.map(({ sid }) => sid)
}
