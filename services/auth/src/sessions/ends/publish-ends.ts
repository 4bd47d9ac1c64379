import type { DurableSessions } from '../durable/durable-sessions.ts'
import type { Families } from '../families/families.ts'
import type { PublishedEnds } from './published-ends.ts'

/** Publishes ends from the database to the session store, and remembers which are published. */
export type PublishEnds = {
  publish(subject: string, sids: readonly string[]): Promise<void>
  /** The same for all sessions of a user except one, after these have been ended. */
  publishAll(subject: string, except: string | null, sids: readonly string[]): Promise<void>
  /** Whether this process has published to the current run of the store. */
  isPublished(sid: string): boolean
  /**
   * Publishes everything again if the store was restarted, or took over from another one: it may
   * have lost its last writes.
   */
  followRun(): Promise<void>
  /** Notes in the database which ends are published. */
  writePublished(): Promise<void>
}

export type PublishEndsOptions = {
  readonly durable: Pick<DurableSessions, 'list'>
  readonly families: Pick<Families, 'end' | 'run' | 'list'>
  readonly publishedEnds: PublishedEnds
  /** what else the session store may have lost, and must be published again */
  readonly republish: readonly (() => Promise<void>)[]
  /** How long an access token may be accepted after it was issued, in seconds. */
  acceptedSeconds(): Promise<number>
  /** is called if the session store has lost all its data since the last run */
  readonly onLostData?: () => void
  /** is called if another instance with the same database has a session store with other data */
  readonly onOtherStore?: () => void
  readonly clock: () => number
}

export function publishEnds(options: PublishEndsOptions): PublishEnds {
  const { publishedEnds, republish, families, acceptedSeconds, clock } = options
  // Marked together, a moment later. If a process stops before that, the ends are only published
  // twice.
  const published = new Set<string>()
  /** the run of the session store that has the published ends; empty while it is unknown */
  let run = ''
  /** how often it has changed */
  let runs = 0
  const marks = storeMarks(options)

  const publishing = async (
    sids: readonly string[],
    publish: () => Promise<unknown>
  ): Promise<void> => {
    const before = runs
    await publish()
    // Another run may have lost it, so then it is published again.
    if (runs === before) for (const sid of sids) published.add(sid)
  }

  return {
    publish: (subject, sids) => publishing(sids, () => families.end(subject, sids)),
    async publishAll(subject, except, sids) {
      const all = new Set([...sids, ...(await notOpen(subject, except, options))])
      await publishing(sids, () => families.end(subject, [...all]))
    },
    isPublished: (sid) => published.has(sid),
    async followRun() {
      const now = await families.run()
      const known = await publishedEnds.run()
      const hasLostData = await marks.compare(known, now)
      if (now === run) return
      // The store may have lost what was published before.
      published.clear()
      run = ''
      runs += 1
      if (known !== now) {
        if (hasLostData) options.onLostData?.()
        const sinceMs = clock() - 1000 * (await acceptedSeconds())
        await publishedEnds.republish(now, sinceMs)
        for (const again of republish) await again()
        if (!(await publishedEnds.republished(now))) return
      }
      run = now
      marks.follow(now)
    },
    async writePublished() {
      if (published.size === 0) return
      const sids = [...published]
      const isNoted = await publishedEnds.published(sids, run)
      for (const sid of sids) published.delete(sid)
      if (!isNoted) run = ''
    }
  }
}

/**
 * Distinguishes a session store that has lost its data from one that other instances do not use.
 */
function storeMarks({
  families,
  onOtherStore
}: Pick<PublishEndsOptions, 'families' | 'onOtherStore'>) {
  /** of the data that this process has followed */
  let own = ''
  /** of another store, if it was reported */
  let reported = ''
  return {
    /**
     * Compares the run in the database with that of the store. Returns whether the store has lost
     * its data. Reports another store once.
     */
    async compare(known: string, now: string): Promise<boolean> {
      const [theirs, ours] = [markOf(known), markOf(now)]
      if (theirs === '' || ours === '' || theirs === ours) return false
      if (ours !== own) return true
      // The data of this store has not changed, so a process with another store wrote their mark.
      if (theirs !== reported && now === (await families.run())) {
        reported = theirs
        onOtherStore?.()
      }
      return false
    },
    follow(now: string): void {
      own = markOf(now)
    }
  }
}

/** The last part of a run's name, which is lost with all data (`run.lua`). */
const markOf = (run: string): string => /^[^:]*:[^:]*:([\w-]+)/.exec(run)?.[1] ?? ''

/**
 * The sessions of a user in the session store that the database does not have as open. The database
 * decides which sessions end. The store is asked before the database, so a session that is opened
 * meanwhile is not among the stored ones, or is open in the database.
 */
async function notOpen(
  subject: string,
  except: string | null,
  { durable, families }: PublishEndsOptions
): Promise<string[]> {
  const { live, over, unreadable } = await families.list(subject)
  const opened = await durable.list(subject, [])
  const open = new Set(opened.map(({ sid }) => sid))
  // Also sessions that the database does not know, and records of ended ones: the user may have
  // been deleted.
  const stored = [...live.map(({ sid }) => sid), ...over, ...unreadable]
  return stored.filter((sid) => sid !== except && !open.has(sid))
}
