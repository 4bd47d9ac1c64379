import { Refusal } from '@gatehouse/problem/refusal'
import type { AuditEvent, Origin } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { DurableSessions, SessionEnd } from './durable-sessions.ts'
import type { Families, UnrecordedEnd } from './families.ts'
import type { ToldEnds } from './told-ends.ts'

/**
 * Ends sessions in the database and in the session store. The store that decides an end keeps a note of it until the other
 * store knows. If a process is killed in between, or a store does not answer, the next round of `settle` of any instance
 * completes the end.
 */
export type SessionEnds = {
  /**
   * Ends one session of a user; whether it had not ended, or the session store had not heard of its end.
   * @throws Refusal UNAVAILABLE where one of the two does not answer: it can be repeated
   */
  end(event: SessionEnd): Promise<boolean>
  /** Ends every session of a user but the event's own; how many. */
  endAll(event: AuditEvent & { readonly subject: string }): Promise<number>
  /** Tells the session store of ends that the database already has. */
  tell(subject: string, sids: readonly string[]): Promise<void>
  /** The same for all but one of a user's sessions, of which these have just been ended. */
  tellAll(subject: string, except: string | null, sids: readonly string[]): Promise<void>
  /** The database takes in an end that the session store decided. */
  record(ending: UnrecordedEnd): Promise<void>
  /** Ends the oldest sessions of a user who has too many. */
  evict(subject: string, origin: Origin): Promise<void>
  /** Completes what was left undone by any instance. */
  settle(): Promise<void>
}

/** how long an end is left to the process that began it */
const UNDER_WAY_MS = 2000
const PRUNE_EVERY_MS = 60_000

export function sessionEnds(needs: {
  durable: DurableSessions
  families: Families
  toldEnds: ToldEnds
  /** what else may have been lost with the session store, and is then to be told once more */
  retell: readonly (() => Promise<void>)[]
  audit: Pick<AuditLog, 'write'>
  /** how long an access token may be accepted after it was issued, in seconds */
  revocationSeconds: number
  clock: () => number
}): SessionEnds {
  const { durable, toldEnds, retell, families, audit, revocationSeconds, clock } = needs
  // Recorded together, a moment later. A process that stops before that only causes a second telling.
  const told = new Set<string>()
  let prunedAtMs = 0
  let lastIncarnation = ''

  const tell = async (subject: string, sids: readonly string[]): Promise<void> => {
    await families.end(subject, sids)
    for (const sid of sids) told.add(sid)
  }

  const record = async (ending: UnrecordedEnd): Promise<void> => {
    const { kind, subject, sid, origin, detail, atMs } = ending
    const event = { kind, subject, sid, origin, detail }
    const { known } = await durable.end(event, atMs)
    // One that was opened before the database kept them has its event alone.
    if (!known) await audit.write(event)
    await families.recorded(sid)
    told.add(sid)
  }

  /** One that was opened before the database kept them. */
  const adopt = async (subject: string, sid: string): Promise<boolean> => {
    const { live } = await families.list(subject)
    const family = live.find((one) => one.sid === sid)
    if (family === undefined) return false
    await durable.adopt(subject, sid, family.record, family.record.openedAt)
    return true
  }

  /** A store that was restarted, or took over from another, may have lost its last writes. */
  const followIncarnation = async (): Promise<void> => {
    const now = await families.incarnation()
    if (now === lastIncarnation) return
    // What it was told before, it may have forgotten.
    told.clear()
    const known = await toldEnds.incarnation()
    if (known !== now && known !== null) {
      await toldEnds.retell(clock() - 1000 * revocationSeconds)
      for (const again of retell) await again()
    }
    if (known !== now) await toldEnds.setIncarnation(now)
    lastIncarnation = now
  }

  const writeTold = async (): Promise<void> => {
    if (told.size === 0) return
    const sids = [...told]
    await toldEnds.told(sids)
    for (const sid of sids) told.delete(sid)
  }

  const tellAll = async (
    subject: string,
    except: string | null,
    sids: readonly string[]
  ): Promise<void> => {
    await families.endAll(subject, except, sids)
    for (const sid of sids) told.add(sid)
  }

  return {
    tell,
    tellAll,
    record,
    async evict(subject, origin) {
      await families.evict(subject, origin)
      const all = await families.unrecorded()
      for (const ending of all) if (ending.subject === subject) await record(ending)
    },
    async end(event) {
      const { subject, sid } = event
      let ended = await durable.end(event)
      if (!ended.known && (await adopt(subject, sid))) ended = await durable.end(event)
      const isUntold = ended.untold && !told.has(sid)
      if (isUntold) await tell(subject, [sid])
      return ended.changed || isUntold
    },
    async endAll(event) {
      const sids = await durable.endAll(event)
      await tellAll(event.subject, event.sid, sids)
      return sids.length
    },
    async settle() {
      await followIncarnation()
      for (const ending of await families.unrecorded()) {
        if (ending.atMs < clock() - UNDER_WAY_MS) await record(ending)
      }
      for (const { subject, sids } of await toldEnds.untold(clock() - UNDER_WAY_MS)) {
        await tell(subject, sids)
      }
      await writeTold()
      if (clock() - prunedAtMs < PRUNE_EVERY_MS) return
      prunedAtMs = clock()
      await toldEnds.prune()
    }
  }
}

/** Waits for work that `settle` completes later if a store does not answer now. */
export async function ifPossible(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}
