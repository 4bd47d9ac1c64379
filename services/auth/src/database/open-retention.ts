import type { AuthConfig } from '../config.ts'
import type { Ports } from '../ports.ts'
import type { Database } from './open-database.ts'
import { forgetTooOld, type Retention } from './retention.ts'

type RetentionPorts = Pick<Ports, 'jobs' | 'metrics'> &
  Omit<Retention, 'auditDays' | 'onExpired'> & { readonly database: Database }

/** Deletes what is too old, in the background. */
export function openRetention(config: AuthConfig, ports: RetentionPorts): void {
  const { database, jobs, metrics, ...retention } = ports
  const auditDays = config.AUTH_AUDIT_RETENTION_DAYS
  const onExpired = metrics.audit.expired
  const run = forgetTooOld(database.tables, { ...retention, auditDays, onExpired })
  jobs.push({ name: 'delete what is too old', run })
}
