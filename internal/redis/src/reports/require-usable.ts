import { StartFault } from '@gatehouse/process/start-fault'
import type { NeededRights } from './missing-rights.ts'
import type { ReportedRedis } from './reported-redis.ts'

/**
 * Ends a start with a Redis that this process can never use, or in production with one that evicts
 * keys. Call it when the connections are settled. An outage ends no start.
 * @throws StartFault
 */
export async function requireUsable(
  connections: Pick<ReportedRedis, 'startFault' | 'evictionFault'>,
  rights: readonly NeededRights[],
  { NODE_ENV }: { readonly NODE_ENV: string }
): Promise<void> {
  const fault =
    (await connections.startFault(rights)) ??
    (NODE_ENV === 'production' ? connections.evictionFault : null)
  if (fault !== null) throw new StartFault(fault)
}
