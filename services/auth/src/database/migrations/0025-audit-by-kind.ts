import { indexMigration } from '../index-migration.ts'

/** For the queries of operators: the events of a kind, which may be rare in a large log. */
export const auditByKind = indexMigration({
  name: 'audit_events_by_kind',
  table: 'audit_events',
  columns: ['kind', 'at_ms']
})
