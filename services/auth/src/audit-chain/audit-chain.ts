import type { ChainPlace, ChainRecord } from '@gatehouse/audit-chain/chain-record'
import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import type { HeadKey } from '@gatehouse/audit-chain/verify-heads'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { DAY_MS } from '../day.ts'
import type { LiveSigningKeys } from '../keys/live-signing-keys.ts'
import { readPublicKeys } from '../keys/store/public-keys.ts'
import { oldestUnchained } from './chain-events.ts'
import {
  anchorOf,
  countOutside,
  newestHeads,
  readChain,
  readHeads,
  readRecords
} from './chain-rows.ts'
import { countUndeleted } from './undeleted-users.ts'
import { type Span, type SpanVerdict, verifySpan } from './verify-span.ts'

/** What a verifier needs of the chain, apart from its records and heads. */
export type ChainState = {
  /** the last record that was deleted because of its age */
  readonly anchor: ChainPlace
  /** the last record */
  readonly last: ChainPlace
  /** records that were written later are kept; milliseconds since 1970 */
  readonly keptSinceMs: number
  readonly keys: readonly HeadKey[]
  /** how many events and heads have a number that the chain does not have */
  readonly outside: number
  /** how many records report the deletion of a user who still has an account */
  readonly undeleted: number
}

/** How far the chain has come. */
export type ChainProgress = {
  /** the number of the last record */
  readonly last: number
  /** when the oldest event without a number happened, in milliseconds since 1970; null: none */
  readonly unchainedSinceMs: number | null
  /** the newest head; null: none was signed */
  readonly head: SignedHead | null
}

/** Reads the chain of the audit log. */
export type AuditChain = {
  state(): Promise<ChainState>
  /** The records after a number, in order. */
  records(after: number, limit: number): Promise<ChainRecord[]>
  /** The heads after a number, in order. */
  heads(after: number, limit: number): Promise<SignedHead[]>
  progress(): Promise<ChainProgress>
  /** Verifies a part of the log. */
  verify(span: Span): Promise<SpanVerdict>
}

type AuditChainOptions = {
  readonly db: Kysely<Tables>
  readonly keys: Pick<LiveSigningKeys, 'held'>
  /** how long events are kept; 0: forever */
  readonly days: number
  readonly clock: () => number
}

/** Later records are kept; 0: all are. */
export const keptSince = (days: number, nowMs: number): number =>
  days === 0 ? 0 : nowMs - days * DAY_MS

export function auditChain({ db, keys, days, clock }: AuditChainOptions): AuditChain {
  const state = async (): Promise<ChainState> => {
    const chain = await readChain(db)
    const held = new Set(keys.held().map(({ kid }) => kid))
    const all = await readPublicKeys(db)
    return {
      anchor: anchorOf(chain),
      last: { seq: chain.seq, digest: chain.digest },
      keptSinceMs: keptSince(days, clock()),
      outside: await countOutside(db),
      undeleted: await countUndeleted(db),
      keys: all.map((jwk) => ({ jwk, published: held.has(jwk.kid ?? '') }))
    }
  }
  return {
    state,
    records: (after, limit) => readRecords(db, after, limit),
    heads: (after, limit) => readHeads(db, after, limit),
    async progress() {
      const { seq } = await readChain(db)
      return {
        last: seq,
        unchainedSinceMs: await oldestUnchained(db),
        head: (await newestHeads(db, { limit: 1 }))[0] ?? null
      }
    },
    verify: (span) => verifySpan(db, state, span, clock())
  }
}
