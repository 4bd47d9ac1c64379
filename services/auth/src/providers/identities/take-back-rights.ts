import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { lockAccount } from '../../accounts/lock-account.ts'
import { type RequestSource, SCHEDULE_ADDRESS } from '../../audit/audit-event.ts'
import type { Cleanup } from '../../background/retention.ts'
import type { Tables } from '../../database/tables.ts'
import { ifAvailable } from '../../if-available.ts'
import { type MappedRights, stillMapped } from '../mapping/mapped-rights.ts'
import type { ProviderIdentity } from '../protocol/provider-identity.ts'
import type { IdentityPorts } from './identity-ports.ts'
import { findIdentity, type IdentityRow } from './identity-store.ts'
import { provideRights, type RightsPorts, storedRights } from './provide-rights.ts'

/** How many links one round changes or checks. */
const MOST_OF_ROUND = 100

export type LinksPorts = RightsPorts & Pick<IdentityPorts, 'db' | 'clock'>

/**
 * Takes back what came with a link, because the provider signs its user in no longer: the ID token
 * lacks what the file requires, or the address is of another domain.
 */
export async function withdrawRights(
  ports: LinksPorts,
  person: Pick<ProviderIdentity, 'issuer' | 'subject'>,
  source: RequestSource
): Promise<void> {
  const link = await findIdentity(ports.db, person)
  if (link === null || link.provided === null) return
  await takeBack(ports, link, { keep: () => null, source })
}

/** The last link that was checked, in the order of the index. */
type Place = { readonly until: number; readonly id: string }

/**
 * Takes back rights that a provider gave: when they have lapsed, because the user has not signed in
 * there for long; and, once after the start, those that the mapping in the file no longer has.
 */
export function takeBackRights(ports: LinksPorts): Cleanup {
  let place: Place | null = { until: 0, id: '' }
  return async () => {
    const now = Math.floor(ports.clock() / 1000)
    const lapsed = await links(ports.db).where('provided_until', '<', now).execute()
    for (const link of lapsed) await takeBack(ports, link, { keep: () => null, source: schedule() })
    if (place !== null) place = await checkMapping(ports, place)
    return lapsed.length === MOST_OF_ROUND || place !== null
  }
}

const links = (db: Kysely<Tables>) =>
  db
    .selectFrom('identities')
    .selectAll()
    .where('provided_until', 'is not', null)
    .orderBy('provided_until')
    .orderBy('id')
    .limit(MOST_OF_ROUND)

/** @returns where to continue; null: all links have been checked */
async function checkMapping(ports: LinksPorts, { until, id }: Place): Promise<Place | null> {
  const checked = await links(ports.db)
    .where(({ eb, or, and }) =>
      or([
        eb('provided_until', '>', until),
        and([eb('provided_until', '=', until), eb('id', '>', id)])
      ])
    )
    .execute()
  for (const link of checked) {
    const mapped = mappedNow(ports, link)
    if (mapped === link.provided) continue
    const keep = (row: IdentityRow) => mappedNow(ports, row)
    await takeBack(ports, link, { keep, source: schedule() })
  }
  const last = checked.at(-1)
  return checked.length < MOST_OF_ROUND || last === undefined
    ? null
    : { until: last.provided_until ?? until, id: last.id }
}

/** What the mapping in the file has of the rights of a link. */
function mappedNow({ entries }: LinksPorts, { issuer, provided }: IdentityRow): string | null {
  const entry = entries.find((one) => one.issuer === issuer)
  if (entry === undefined || provided === null) return null
  const rights: MappedRights = JSON.parse(provided)
  return storedRights(stillMapped(rights, entry))
}

const schedule = (): RequestSource => ({ address: SCHEDULE_ADDRESS, requestId: randomUUID() })

type TakingBack = {
  /** the rights that stay, as a column has them; null: none */
  readonly keep: (row: IdentityRow) => string | null
  readonly source: RequestSource
}

async function takeBack(
  ports: LinksPorts,
  { id, subject, provided_until: until }: IdentityRow,
  { keep, source }: TakingBack
): Promise<void> {
  await ports.db.transaction().execute(async (transaction) => {
    await lockAccount(transaction, subject)
    const row = await transaction
      .selectFrom('identities')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    // Its user has signed in at the provider meanwhile, or another instance was first.
    if (row === undefined || row.provided_until !== until) return
    const provided = keep(row)
    const kept = { provided, provided_until: provided === null ? null : until }
    await transaction.updateTable('identities').set(kept).where('id', '=', id).execute()
    await provideRights(transaction, subject, ports, { sid: null, source, nowMs: ports.clock() })
  })
  await ifAvailable(ports.stale.publish(subject))
}
