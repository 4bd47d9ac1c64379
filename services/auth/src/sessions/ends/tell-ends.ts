import type { DurableSessions } from '../durable/durable-sessions.ts'
import type { Families } from '../families/families.ts'
import type { ToldEnds } from './told-ends.ts'

/** Publishes ends from the database to the session store, and remembers which are published. */
export type TellEnds = {
  tell(subject: string, sids: readonly string[]): Promise<void>
  /** The same for all sessions of a user except one, after these have been ended. */
  tellAll(subject: string, except: string | null, sids: readonly string[]): Promise<void>
  /** Whether this process has published to the current run of the store. */
  isTold(sid: string): boolean
  /**
   * Publishes everything again if the store was restarted, or took over from another one: it may
   * have lost its last writes.
   */
  followRun(): Promise<void>
  /** Notes in the database which ends are published. */
  writeTold(): Promise<void>
}

export type TellEndsOptions = {
  readonly durable: Pick<DurableSessions, 'list'>
  readonly families: Pick<Families, 'end' | 'incarnation' | 'list'>
  readonly toldEnds: ToldEnds
  /** what else the session store may have lost, and must be published again */
  readonly retell: readonly (() => Promise<void>)[]
  /** how long an access token may be accepted after it was issued, in seconds */
  readonly revocationSeconds: number
  /** is called if the session store has lost all its data since the last run */
  readonly onLostData?: () => void
  readonly clock: () => number
}

export function tellEnds(options: TellEndsOptions): TellEnds {
  const { toldEnds, retell, families, revocationSeconds, clock } = options
  // Marked together, a moment later. If a process stops before that, the ends are only published
  // twice.
  const told = new Set<string>()
  /** the run of the session store that has the published ends; empty while it is unknown */
  let run = ''
  /** how often it has changed */
  let runs = 0

  const telling = async (sids: readonly string[], tell: () => Promise<unknown>): Promise<void> => {
    const before = runs
    await tell()
    // Another run may have lost it, so then it is published again.
    if (runs === before) for (const sid of sids) told.add(sid)
  }

  return {
    tell: (subject, sids) => telling(sids, () => families.end(subject, sids)),
    async tellAll(subject, except, sids) {
      const all = new Set([...sids, ...(await notOpen(subject, except, options))])
      await telling(sids, () => families.end(subject, [...all]))
    },
    isTold: (sid) => told.has(sid),
    async followRun() {
      const now = await families.incarnation()
      if (now === run) return
      // The store may have lost what was published before.
      told.clear()
      run = ''
      runs += 1
      const known = await toldEnds.run()
      if (known !== now) {
        if (hasLostData(known, now)) options.onLostData?.()
        await toldEnds.retell(now, clock() - 1000 * revocationSeconds)
        for (const again of retell) await again()
        if (!(await toldEnds.retold(now))) return
      }
      run = now
    },
    async writeTold() {
      if (told.size === 0) return
      const sids = [...told]
      const isNoted = await toldEnds.told(sids, run)
      for (const sid of sids) told.delete(sid)
      if (!isNoted) run = ''
    }
  }
}

/** The last part of a run's name is a mark that is lost with all data (`incarnation.lua`). */
function hasLostData(known: string, now: string): boolean {
  const markOf = (run: string) => /^[^:]*:[^:]*:([\w-]+)/.exec(run)?.[1]
  const [before, mark] = [markOf(known), markOf(now)]
  return before !== undefined && mark !== undefined && before !== mark
}

/**
 * The sessions of a user in the session store that the database does not have as open. The database
 * decides which sessions end. The store is asked before the database, so a session that is opened
 * meanwhile is not among the stored ones, or is open in the database.
 */
async function notOpen(
  subject: string,
  except: string | null,
  { durable, families }: TellEndsOptions
): Promise<string[]> {
  const { live, over, unreadable } = await families.list(subject)
  const opened = await durable.list(subject, [])
  const open = new Set(opened.map(({ sid }) => sid))
  // Also sessions that the database does not know, and records of ended ones: the user may have
  // been deleted.
  const stored = [...live.map(({ sid }) => sid), ...over, ...unreadable]
  return stored.filter((sid) => sid !== except && !open.has(sid))
}
