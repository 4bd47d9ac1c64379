import type { Partition } from '@gatehouse/redis/partitions'
import type { Sighting } from '@gatehouse/sightings/sighting'
import type { RequestSource } from '../../audit/audit-event.ts'
import type { FamilyRecord, Opened } from './family.ts'
import type { Outcome } from './outcome.ts'

/**
 * The family's record before and after a token was presented. Null if the store does not know the
 * family.
 */
export type Presented = {
  readonly outcome: Outcome
  readonly before: FamilyRecord | null
  readonly after: FamilyRecord | null
  /** when, in milliseconds since 1970 by the store's clock */
  readonly atMs: number
  /**
   * The mark of withdrawn signing keys (`keys/key-withdrawals.ts`), read in the same step. Absent
   * if the store does not have it.
   */
  readonly keyWithdrawals?: string | null
  /** The mark of changed accounts (`revocations/change-marks.ts`), likewise. */
  readonly accountChanges?: string | null
}

/** The record of a new family, and whether the user now has too many. */
export type OpenedFamily = { readonly record: FamilyRecord; readonly tooMany: boolean }

export type StoredFamily = { readonly sid: string; readonly record: FamilyRecord }

export type StoredFamilies = {
  /** the oldest first */
  readonly live: StoredFamily[]
  /** the ids of those that have ended or expired */
  readonly over: string[]
  /** the ids of those whose record only a newer version can read */
  readonly unreadable: string[]
}

/** A presented token of a family. */
export type Presentation = {
  readonly subject: string
  readonly sid: string
  readonly generation: number
  /** the family as the database knows it, if it was opened and has not ended; null otherwise */
  readonly opened: Opened | null
  readonly source: RequestSource
}

/**
 * An end that the store decided: a token was used again, or a login was one too many. The note
 * stays beside the family until the database has the end, so that a killed process loses none.
 */
export type UnrecordedEnd = {
  readonly subject: string
  readonly sid: string
  readonly kind: 'refresh-reused' | 'session-evicted'
  /** milliseconds since 1970 */
  readonly atMs: number
  readonly source: RequestSource
  readonly detail: Readonly<Record<string, number | string>>
}

export type Unrecorded = {
  readonly ends: readonly UnrecordedEnd[]
  /** the number of notes that this version cannot read; they stay */
  readonly unreadable: number
  /** why a partition of the store was not read; null: each was */
  readonly fault: unknown
}

/** A run of the store (`revocations/store-run.ts`). */
export type StoreRun = {
  readonly name: string
  /** the mark of the data of each partition that was asked; Redis only */
  readonly marks: ReadonlyMap<Partition, string>
  /** why a partition of the store was not asked; null: each was */
  readonly fault: unknown
}

/**
 * The families of all users. Each method is one atomic step of the store. If a step ends a family,
 * it also writes the revocation. The store's own clock decides what has expired and what is within
 * the grace window. `subject` is the account's id and `sid` the family's public id.
 * @throws Refusal UNAVAILABLE by every method, within a bound, when the store is unreachable
 */
export type Families = {
  /**
   * The part of the store that has the families of a user. If one does not answer, others may.
   * @throws Refusal UNAVAILABLE while the number of partitions is unknown
   */
  partitionOf(subject: string): Promise<string>
  /**
   * Opens a family, and says whether the user now has too many. None ends before the login is
   * complete.
   */
  open(subject: string, sid: string, opened: Opened): Promise<OpenedFamily>
  /**
   * Ends the oldest families of a user who has too many, but never the one that was just opened:
   * others may have been opened in the same second, or by a clock that is ahead. Returns how many
   * ended.
   */
  evict(subject: string, justOpened: string, source: RequestSource): Promise<number>
  /**
   * Presents a token with a valid MAC.
   * @throws Refusal UNAVAILABLE if only a newer version can read the record
   */
  present(presentation: Presentation): Promise<Presented>
  /**
   * Ends these families, and revokes those that the store has lost. Returns how many were live, or
   * have a record that only a newer version can read.
   */
  end(subject: string, sids: readonly string[]): Promise<number>
  /** The stored families of a user. */
  list(subject: string): Promise<StoredFamilies>
  /**
   * The ends that the database may not have yet: of all partitions that answer, or of the partition
   * of this user.
   * @throws Refusal UNAVAILABLE if no partition answers
   */
  unrecorded(subject?: string): Promise<Unrecorded>
  /** Call it when the database has the end of this family. */
  recorded(family: Pick<UnrecordedEnd, 'subject' | 'sid'>): Promise<void>
  /**
   * Tokens of these generations were used. A store may keep this beside the records for a while;
   * `present` respects it at once.
   */
  see(sightings: readonly Sighting[]): Promise<void>
  /** Moves these facts into the records. */
  settleSightings(): Promise<void>
  /**
   * Deletes some expired families of any user, if the store does not do so by itself. Returns
   * whether there are more.
   */
  forgetExpired(): Promise<boolean>
  /**
   * The run of the server, or of the servers of all partitions. Another run may have lost the last
   * writes.
   * @param known the last known run: a partition that does not answer counts as unchanged
   * @throws Refusal UNAVAILABLE if no partition answers
   */
  run(known: string): Promise<StoreRun>
  /** Overwrites deleted values in the store's own files. Redis rewrites its files by itself. */
  scrub(): Promise<void>
  /** Resolves when the store answers. */
  ping(): Promise<void>
}
