import { type CompiledQuery, InsertQueryNode, PrimitiveValueListNode, ValuesNode } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { AuditEventTable } from './audit-event-table.ts'

const TABLE: keyof Tables = 'audit_events'

/** An event as it is stored. */
export type InsertedEvent = Pick<AuditEventTable, 'kind' | 'address' | 'detail'>

/** The audit events among these inserts. */
export const insertedEvents = (inserts: readonly CompiledQuery[]): InsertedEvent[] =>
  inserts.flatMap(({ query }) => {
    if (!InsertQueryNode.is(query) || query.into?.table.identifier.name !== TABLE) return []
    if (query.values === undefined || !ValuesNode.is(query.values)) return []
    const columns = (query.columns ?? []).map(({ column }) => column.name)
    return query.values.values.filter(PrimitiveValueListNode.is).map(({ values }) => {
      const row = columns.map((column, index) => [column, values[index]])
      return Object.fromEntries(row) as InsertedEvent
    })
  })
