import type { Database } from '../database/open-database.ts'
import { compareMarks, type MarkPorts } from './compare-marks.ts'

const ANOTHER =
  'another auth service has the same REDIS_URL and REDIS_KEY_PREFIX, and another database: each ends the sessions of the other. All auth services of one installation need the same DATABASE_URL. For another installation, set another REDIS_KEY_PREFIX'

/**
 * Logs an error once if another auth service uses the same Redis with another database. A database
 * is known by the time at which its first migration was applied.
 */
export function watchDatabase(
  ports: MarkPorts & { readonly database: Pick<Database, 'status'> },
  monotonicClock?: () => number
): void {
  const { database, log } = ports
  const own = async (): Promise<string> => (await database.status())[0]?.appliedAt ?? ''
  const onOther = (madeAt: string): void => log.error({ otherDatabaseMadeAt: madeAt }, ANOTHER)
  compareMarks(ports, { name: 'databases', own, onOther }, monotonicClock)
}
