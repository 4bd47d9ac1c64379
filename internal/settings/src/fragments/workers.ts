import { availableParallelism } from 'node:os'
import { Type } from 'typebox'

const MOST_WORKERS = 64

/** How many processes serve the port of a service. */
export const workersSetting = () =>
  Type.String({
    title: `auto, or a whole number from 1 to ${MOST_WORKERS}`,
    pattern: '^(auto|[1-9]|[1-5][0-9]|6[0-4])$',
    default: '1'
  })

/**
 * The number of workers. `auto` leaves one core for the primary process and everything else on the
 * machine. A limit of the container on its cores counts.
 */
export const workerCount = (setting: string, cores = availableParallelism()): number =>
  setting === 'auto' ? Math.min(Math.max(1, cores - 1), MOST_WORKERS) : Number(setting)

/**
 * What does not allow several workers.
 * @param service the prefix of its settings
 * @param stores the settings that name stores for several processes, with their values
 */
export function workerFaults(
  service: string,
  setting: string,
  stores: Readonly<Record<string, string | undefined>>
): string[] {
  if (setting === '1') return []
  return Object.entries(stores).flatMap(([name, value]) =>
    value === undefined
      ? [`${service}_WORKERS must be 1 without ${name}: the embedded stores are for one process`]
      : []
  )
}

/** The share of each worker of a limit that holds for all of them together; at least 1. */
export const shareOf = (limit: number, workers: number): number =>
  Math.max(1, Math.floor(limit / workers))

/** A limit that the workers divide, and the smallest share that is of use. */
type Divided = { readonly limit: number; readonly least: number }

/** Limits that are too low to be divided. */
export const shareFaults = (limits: Readonly<Record<string, Divided>>, workers: number): string[] =>
  Object.entries(limits).flatMap(([name, { limit, least }]) =>
    limit < workers * least
      ? [
          `${name} must be at least ${workers * least} for ${workers} workers: each gets a share of it, at least ${least}`
        ]
      : []
  )
