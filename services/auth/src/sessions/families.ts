import type { FamilyRecord, Opening, Outcome } from './family.ts'

/** What a presented token met, and what it left behind. Null where the store knows no such family. */
export type Presented = {
  readonly outcome: Outcome
  readonly before: FamilyRecord | null
  readonly after: FamilyRecord | null
}

export type StoredFamily = { readonly sid: string; readonly record: FamilyRecord }

/**
 * The families of all users. Each method is one atomic step of the store; whatever ends a family writes its revocation in
 * the same step. `subject` is the account's id and `sid` the family's public id.
 * @throws Refusal UNAVAILABLE by every method, within a bound, when the store is out of reach
 */
export type Families = {
  /** Opens a family; the oldest of the user ends where there would be too many. */
  open(subject: string, sid: string, opening: Opening): Promise<FamilyRecord>
  /** A token of `generation`, whose MAC is good, is presented. */
  present(subject: string, sid: string, generation: number): Promise<Presented>
  /** Ends one family; false where it was not live. */
  end(subject: string, sid: string): Promise<boolean>
  /** Ends all families of a user but one; how many ended. */
  endAll(subject: string, except: string | null): Promise<number>
  /** The live families of a user, the oldest first. */
  list(subject: string): Promise<StoredFamily[]>
  /** Resolves when the store answers. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** What both stores must know besides the record: the clock, and how long a revocation must be remembered. */
export type FamilyStoreOptions = {
  readonly clock: () => number
  /** the longest that an access token that is given out now can be accepted, in seconds; ones given out before may last longer */
  readonly revocationSeconds: number
  /** how many replicas must have a revocation before it is acknowledged; for a store that has replicas */
  readonly revocationReplicas?: number
}
