import { type Static, Type } from 'typebox'

/** The settings for the end of a process. */
export const drainSettings = {
  /** unset: 5. The command that starts the whole system on one machine sets 0. */
  DRAIN_SECONDS: Type.Optional(Type.Integer({ minimum: 0, maximum: 3600 })),
  DRAIN_LIMIT_SECONDS: Type.Integer({ default: 25, minimum: 1, maximum: 86_400 })
}

type DrainSettings = Static<ReturnType<typeof Type.Object<typeof drainSettings>>>

/**
 * Long enough for a load balancer that checks every two seconds to see twice that a process is not
 * ready.
 */
const DRAIN_SECONDS = 5

/** Reports a DRAIN_SECONDS that leaves requests in flight no time. */
export const drainFaults = ({
  DRAIN_SECONDS: seconds,
  DRAIN_LIMIT_SECONDS: limit
}: DrainSettings): string[] =>
  seconds !== undefined && seconds > limit
    ? [
        `DRAIN_SECONDS must be at most ${limit} (DRAIN_LIMIT_SECONDS): that limit includes DRAIN_SECONDS, and requests in flight get the time that is left`
      ]
    : []

/**
 * How long a process serves every request after a signal to end, and how long requests in flight
 * may take after that. The limit is for both together, so that it can be compared with the time
 * after which a supervisor kills the process.
 */
export function drainTimes({ DRAIN_SECONDS: seconds, DRAIN_LIMIT_SECONDS: limit }: DrainSettings) {
  const drainSeconds = Math.min(seconds ?? DRAIN_SECONDS, limit)
  return { drainMs: drainSeconds * 1000, closeMs: (limit - drainSeconds) * 1000 }
}
