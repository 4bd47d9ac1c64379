import type { RequestSource } from '../../audit/audit-event.ts'
import { keyEvent } from '../key-event.ts'
import {
  activeOf,
  findKey,
  type KeyRecord,
  type Moment,
  nextOf,
  refuseTooMany,
  retirement,
  revocation
} from '../key-lifecycle.ts'
import type { SigningKey } from '../signing-key.ts'
import type { KeyLedger } from '../store/key-ledger.ts'

/**
 * Adds a standby key.
 * @throws Refusal CONFLICT if there are too many keys
 */
export async function addStandby(
  ledger: KeyLedger,
  key: SigningKey,
  at: Moment,
  source: RequestSource
): Promise<KeyRecord> {
  refuseTooMany(ledger.keys)
  return await add(ledger, key, at, source)
}

/**
 * The newest standby key of the algorithm of `spare`; if there is none, adds `spare`.
 * @throws Refusal CONFLICT if there are too many keys
 */
export async function ensureNext(
  ledger: KeyLedger,
  spare: SigningKey,
  at: Moment,
  source: RequestSource
): Promise<KeyRecord> {
  const next = nextOf(ledger.keys, spare.algorithm)
  return next ?? (await addStandby(ledger, spare, at, source))
}

/** @throws Refusal NOT_FOUND, CONFLICT while it signs or tokens of it may be valid */
export async function retireKey(
  ledger: KeyLedger,
  kid: string,
  at: Moment,
  source: RequestSource
): Promise<KeyRecord> {
  const [retired] = retirement(ledger.keys, kid, at)
  if (retired === undefined) return findKey(ledger.keys, kid)
  await ledger.write([retired])
  await ledger.audit.write(keyEvent('key-retired', kid, source))
  return retired
}

/**
 * Revokes a key. If it was active, the newest standby key of the algorithm of `spare` becomes
 * active, or `spare` if there is none.
 * @throws Refusal NOT_FOUND
 */
export async function revokeKey(
  ledger: KeyLedger,
  kid: string,
  { spare, at }: { readonly spare: SigningKey; readonly at: Moment },
  source: RequestSource
): Promise<KeyRecord[]> {
  const signs = activeOf(ledger.keys)?.kid === kid
  const standby = nextOf(ledger.keys, spare.algorithm)
  const next = standby ?? (signs ? await add(ledger, spare, at, source) : undefined)
  const changed = revocation(ledger.keys, kid, next, at)
  if (changed.length === 0) return [findKey(ledger.keys, kid)]
  await ledger.write(changed)
  for (const { kid, state } of changed) {
    const kind = state === 'active' ? 'key-activated' : 'key-revoked'
    await ledger.audit.write(keyEvent(kind, kid, source))
  }
  return changed
}

async function add(
  ledger: KeyLedger,
  key: SigningKey,
  { now }: Moment,
  source: RequestSource
): Promise<KeyRecord> {
  const record = await ledger.add(key, now)
  await ledger.audit.write(keyEvent('key-created', key.kid, source))
  return record
}
