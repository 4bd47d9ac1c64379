import type { Sighting } from '@gatehouse/sightings/sighting'
import type { Origin } from '../audit/audit-event.ts'
import type { FamilyRecord, Opened, Outcome } from './family.ts'

/** What a presented token met, and what it left behind. Null where the store knows no such family. */
export type Presented = {
  readonly outcome: Outcome
  readonly before: FamilyRecord | null
  readonly after: FamilyRecord | null
  /** when, in milliseconds since 1970 by the store's clock */
  readonly atMs: number
}

export type StoredFamily = { readonly sid: string; readonly record: FamilyRecord }

/** A token of a family, as it is presented. */
export type Presentation = {
  readonly subject: string
  readonly sid: string
  readonly generation: number
  /** the family as the database knows it, where it was opened and has not ended; null otherwise */
  readonly opened: Opened | null
  readonly origin: Origin
}

/**
 * An end that the store decided by itself: a token was used again, or a login was one too many. It is kept beside the
 * family until the database has it, so that a process that is killed in between leaves nothing untold.
 */
export type UnrecordedEnd = {
  readonly subject: string
  readonly sid: string
  readonly kind: 'refresh-reused' | 'session-evicted'
  /** milliseconds since 1970 */
  readonly atMs: number
  readonly origin: Origin
  readonly detail: Readonly<Record<string, number>>
}

export type Unrecorded = {
  readonly ends: readonly UnrecordedEnd[]
  /** notes that this version cannot read; they stay */
  readonly unreadable: number
}

/**
 * The families of all users. Each method is one atomic step of the store; whatever ends a family writes its revocation in
 * the same step. The store's own clock decides what has expired and what is within grace. `subject` is the account's id and
 * `sid` the family's public id.
 * @throws Refusal UNAVAILABLE by every method, within a bound, when the store is out of reach
 */
export type Families = {
  /** Opens a family, and says whether the user has too many now: nothing ends before the login is complete. */
  open(
    subject: string,
    sid: string,
    opened: Opened
  ): Promise<{ readonly record: FamilyRecord; readonly tooMany: boolean }>
  /** Ends the oldest families of a user where there are too many; how many ended. */
  evict(subject: string, origin: Origin): Promise<number>
  /** A token whose MAC is good is presented. */
  present(presentation: Presentation): Promise<Presented>
  /** Ends these families, and revokes those that the store has lost; how many were live. */
  end(subject: string, sids: readonly string[]): Promise<number>
  /**
   * Ends all families of a user but one; how many ended.
   * @param known those that the database has ended: the store revokes them where it has lost them
   */
  endAll(subject: string, except: string | null, known: readonly string[]): Promise<number>
  /** The live families of a user, the oldest first, and the ids of those that are over and not yet forgotten. */
  list(subject: string): Promise<{ readonly live: StoredFamily[]; readonly over: string[] }>
  /** Ends that the database may not have yet. */
  unrecorded(): Promise<Unrecorded>
  /** The database has the end of this family. */
  recorded(sid: string): Promise<void>
  /**
   * Tokens of these generations were seen in use. A store may keep them beside the records for a while; `present` knows of
   * them at once.
   */
  see(sightings: readonly Sighting[]): Promise<void>
  /** The records take in what was seen. */
  settleSightings(): Promise<void>
  /** Deletes some of those that have expired, of any user, where the store does not do so by itself. Whether there are more. */
  forgetExpired(): Promise<boolean>
  /** Which run of which server answers: another one may have lost what was written last. */
  incarnation(): Promise<string>
  /** Resolves when the store answers. */
  ping(): Promise<void>
  close(): Promise<void>
}
