import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { headOf } from './chain-rows.ts'

/**
 * The heads that records must agree with: the last one that was signed before the first record, the
 * first one after the last, and those between them. Of many heads for one record, as an idle
 * installation signs them, the first and the last.
 * @param from the number of the record before the first one
 * @param to the number of the last record
 */
export async function headsAround(
  db: Kysely<Tables>,
  from: number,
  to: number
): Promise<SignedHead[]> {
  const between = db
    .selectFrom('audit_heads')
    .where('seq', '>', from)
    .where('seq', '<=', to)
    .groupBy(['seq', 'digest'])
  const rows = await db
    .selectFrom('audit_heads')
    .selectAll()
    .where(({ or, eb, selectFrom, fn }) =>
      or([
        eb(
          'number',
          'in',
          between.select(({ fn }) => fn.min('number').as('number'))
        ),
        eb(
          'number',
          'in',
          between.select(({ fn }) => fn.max('number').as('number'))
        ),
        eb(
          'number',
          '=',
          selectFrom('audit_heads').select(fn.max('number').as('number')).where('seq', '<=', from)
        ),
        eb(
          'number',
          '=',
          selectFrom('audit_heads').select(fn.min('number').as('number')).where('seq', '>', to)
        )
      ])
    )
    .orderBy('number')
    .execute()
  return rows.map(headOf)
}
