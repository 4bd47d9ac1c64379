import type { Ports } from '../ports.ts'
import type { Database } from './open-database.ts'
import { forgetTooOld, type Retention } from './retention.ts'

type RetentionPorts = Pick<Ports, 'jobs'> & Retention & { readonly database: Database }

/** Deletes what is too old, in the background. */
export function openRetention(ports: RetentionPorts): void {
  const { database, jobs, ...retention } = ports
  const run = forgetTooOld(database.tables, retention)
  jobs.push({ name: 'delete old data', run })
}
