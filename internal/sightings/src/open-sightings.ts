import { faultCause } from '@gatehouse/redis/fault-cause'
import { reportSightings, type SightingReport } from './report-sightings.ts'
import type { TakeSightings } from './sighting.ts'

type Log = { readonly warn: (fields: object, message: string) => void }

/** The report of sightings of a process. The log has each outage of the store once. */
export const openSightings = (take: TakeSightings, log: Log): SightingReport =>
  reportSightings({
    take,
    onFault: (error) =>
      log.warn({ cause: faultCause(error) }, 'reports of used tokens could not be sent')
  })
