import cluster from 'node:cluster'
import type { Order, ToWorker } from './messages.ts'

/** What a process knows of itself if a primary process of ours has started it. */

/** The first argument of a worker, which the list of processes then shows. */
export const WORKER_ARGUMENT = 'worker'

const [, , role, primaryOpsUrl = '', instance = ''] = process.argv

/** Whether this process is a worker. Other process managers also use node:cluster. */
export const isWorker = (): boolean => cluster.isWorker && role === WORKER_ARGUMENT

/** The address of the ops listener, which the primary process has for all workers. */
export const opsUrlOfPrimary = (): string => primaryOpsUrl

/** The same for all workers of one primary process; null: this process is not a worker. */
export const instanceOfWorkers = (): string | null => (isWorker() ? instance : null)

/**
 * Whether this worker was started in place of another one. Ids of workers count up from 1.
 * @param workers how many there are
 */
export const isReplacement = (workers: number): boolean => (cluster.worker?.id ?? 0) > workers

/** Does what the primary process orders. */
export function followOrders(follow: Readonly<Record<Order, () => void>>): void {
  if (!isWorker()) return
  process.on('message', (message) => {
    const told = message as ToWorker
    if ('order' in told) follow[told.order]()
  })
}
