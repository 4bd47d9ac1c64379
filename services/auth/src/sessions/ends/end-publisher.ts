import type { CompleteLogs } from '../../revocations/complete-logs.ts'
import type { DurableSessions } from '../durable/durable-sessions.ts'
import type { Families } from '../families/families.ts'
import type { EndPublications } from './end-publications.ts'
import { storeMarks } from './store-marks.ts'

/** Publishes ends from the database to the session store, and remembers which are published. */
export type EndPublisher = {
  publish(subject: string, sids: readonly string[]): Promise<void>
  /** The same for all sessions of a user except one, after these have been ended. */
  publishAll(subject: string, except: string | null, sids: readonly string[]): Promise<void>
  /** Whether this process has published an end, and the database does not have that yet. */
  hasPublished(sid: string): boolean
  /**
   * Publishes everything again if the store was restarted, or took over from another one: it may
   * have lost its last writes.
   */
  followRun(): Promise<void>
  /**
   * The marks of the data whose revocation logs may lack ends that the database has as unpublished
   * (`revocations/complete-logs.ts`), by partition. When these are published, the logs are
   * complete.
   */
  incomplete(): ReadonlyMap<string, string>
  /** Notes in the database which ends this process has published. */
  notePublished(): Promise<void>
}

export type EndPublisherOptions = {
  readonly durable: Pick<DurableSessions, 'list'>
  readonly families: Pick<Families, 'end' | 'run' | 'list'>
  readonly publications: EndPublications
  /** what else the session store may have lost, and must be published again */
  readonly republish: readonly (() => Promise<void>)[]
  /** How long an access token may be accepted after it was issued, in seconds. */
  acceptedSeconds(): Promise<number>
  /** is called if the session store has lost all its data since the last run */
  readonly onLostData?: () => void
  /** which revocation logs have everything, as far as this process knows */
  readonly complete?: Pick<CompleteLogs, 'markOf' | 'completed'>
  /**
   * Whether the rest is published to the common log: revoked keys, and changes that make tokens
   * with an `iat` before this second stale
   */
  readonly isRepublished?: (before: number) => Promise<boolean>
  /** is called if another instance with the same database has a session store with other data */
  readonly onOtherStore?: () => void
  readonly clock: () => number
}

export function endPublisher(options: EndPublisherOptions): EndPublisher {
  const { publications, families, acceptedSeconds, clock } = options
  const done = publishedToRun()
  const again = republication(options)
  const logs = followedLogs(options.complete)
  const marks = storeMarks(options)

  /** @param known the run to which everything else was published before */
  const adopt = async (run: string, known: string, hasLostData: boolean): Promise<void> => {
    done.leaveRun()
    if (known !== run) {
      if (hasLostData) options.onLostData?.()
      await publications.beginRun(run, clock() - 1000 * (await acceptedSeconds()))
      again.begin()
    }
    done.enterRun(run)
    marks.follow(run)
  }

  return {
    publish: (subject, sids) => done.publishing(sids, () => families.end(subject, sids)),
    async publishAll(subject, except, sids) {
      const all = new Set([...sids, ...(await notOpen(subject, except, options))])
      await done.publishing(sids, () => families.end(subject, [...all]))
    },
    incomplete: logs.incomplete,
    hasPublished: (sid) => done.sids.has(sid),
    async followRun() {
      const known = await publications.currentRun()
      const { name: run, marks: inStore, fault } = await families.run(known)
      const hasLostData = await marks.compare(known, run)
      if (run !== done.run()) await adopt(run, known, hasLostData)
      if (!(await again.goOn(run))) done.enterRun(UNKNOWN)
      logs.follow(done.run() === UNKNOWN ? new Map() : inStore)
      // The work of the partitions that answer is done.
      if (fault !== null) throw fault
    },
    async notePublished() {
      if (done.sids.size === 0) return
      const sids = [...done.sids]
      const isNoted = await publications.note(sids, done.run())
      for (const sid of sids) done.sids.delete(sid)
      if (!isNoted) done.enterRun(UNKNOWN)
    }
  }
}

/** a run of the session store that the next round finds out */
const UNKNOWN = ''

/**
 * The ends that this process has published to the current run of the session store. They are noted
 * together, a moment later. If a process stops before that, they are only published twice.
 */
function publishedToRun() {
  const sids = new Set<string>()
  let run = UNKNOWN
  let runs = 0
  return {
    sids,
    run: () => run,
    enterRun(name: string): void {
      run = name
    },
    /** The store may have lost what was published before. */
    leaveRun(): void {
      sids.clear()
      run = UNKNOWN
      runs += 1
    },
    async publishing(ended: readonly string[], publish: () => Promise<unknown>): Promise<void> {
      const before = runs
      await publish()
      // Another run may have lost it, so then it is published again.
      if (runs === before) for (const sid of ended) sids.add(sid)
    }
  }
}

/** The logs of the partitions that have answered, and which are not known to be complete. */
function followedLogs(complete: EndPublisherOptions['complete']) {
  let marks: ReadonlyMap<string, string> = new Map()
  return {
    follow(inStore: typeof marks): void {
      marks = inStore
    },
    incomplete: (): typeof marks =>
      new Map([...marks].filter(([of, mark]) => complete && complete.markOf(of) !== mark))
  }
}

/** What else is published again to a new run. Ends do not wait for it. */
function republication({
  publications,
  republish
}: Pick<EndPublisherOptions, 'publications' | 'republish'>) {
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
      const isCurrent = await publications.completeRun(run)
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
  { durable, families }: EndPublisherOptions
): Promise<string[]> {
  const { live, over, unreadable } = await families.list(subject)
  const opened = await durable.list(subject, [])
  const open = new Set(opened.map(({ sid }) => sid))
  // Also sessions that the database does not know, and records of ended ones: the user may have
  // been deleted.
  const stored = [...live.map(({ sid }) => sid), ...over, ...unreadable]
  return stored.filter((sid) => sid !== except && !open.has(sid))
}
