import type { DurableSessions } from '../durable/durable-sessions.ts'
import type { Families } from '../families/families.ts'
import type { PublishedEnds } from './published-ends.ts'
import { storeMarks } from './store-marks.ts'

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
  const { publishedEnds, families, acceptedSeconds, clock } = options
  // Marked together, a moment later. If a process stops before that, the ends are only published
  // twice.
  const published = new Set<string>()
  /** the run of the session store that has the published ends; empty while it is unknown */
  let run = ''
  /** how often it has changed */
  let runs = 0
  const again = republication(options)
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
      const known = await publishedEnds.run()
      const { name: now, fault } = await families.run(known)
      const hasLostData = await marks.compare(known, now)
      if (now !== run) {
        // The store may have lost what was published before.
        published.clear()
        run = ''
        runs += 1
        if (known !== now) {
          if (hasLostData) options.onLostData?.()
          await publishedEnds.republish(now, clock() - 1000 * (await acceptedSeconds()))
          again.begin()
        }
        run = now
        marks.follow(now)
      }
      if (!(await again.goOn(run))) run = ''
      // What the partitions that answer need is done.
      if (fault !== null) throw fault
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

/** What else is published again to a new run. Ends do not wait for it. */
function republication({
  publishedEnds,
  republish
}: Pick<PublishEndsOptions, 'publishedEnds' | 'republish'>) {
  /** null: everything is published */
  let left: readonly (() => Promise<void>)[] | null = null
  return {
    begin(): void {
      left = republish
    },
    /**
     * Does what is left; what fails stays. Returns false if the run is no longer the current one.
     * @throws the first fault
     */
    async goOn(run: string): Promise<boolean> {
      if (left === null) return true
      const all = left
      const tried = await Promise.allSettled(all.map((again) => again()))
      left = all.filter((_, at) => tried[at]?.status === 'rejected')
      for (const one of tried) if (one.status === 'rejected') throw one.reason
      const isCurrent = await publishedEnds.republished(run)
      left = null
      return isCurrent
    }
  }
}

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
