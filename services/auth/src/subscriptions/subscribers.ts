import type { Kysely, Selectable } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { WebhookTable } from './webhook-table.ts'

/** @param types of events, as `Webhook` has them */
export const storedEvents = (types: readonly string[]): string => JSON.stringify(types)

export const readEvents = ({ events }: Pick<Selectable<WebhookTable>, 'events'>): string[] =>
  JSON.parse(events)

/** An endpoint that gets events now. */
type Subscriber = { readonly id: string; wants(type: string): boolean }

/** The enabled endpoints, in one order: the lanes of their deliveries are locked in it. */
export async function subscribers(on: Kysely<Tables>): Promise<Subscriber[]> {
  const rows = await on
    .selectFrom('webhooks')
    .select(['id', 'events'])
    .where('state', '=', 'enabled')
    .orderBy('id')
    .execute()
  return rows.map((row) => {
    const types = readEvents(row)
    return { id: row.id, wants: (type) => types.length === 0 || types.includes(type) }
  })
}
