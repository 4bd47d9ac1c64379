import type { Gateway } from '../api/responses.ts'

/** the lag of a gateway that has never read the log */
const NEVER = Number.MAX_SAFE_INTEGER
/** Auth services write two heartbeats per second. */
const LATE_SECONDS = 5

/** A gateway announces itself every two seconds. */
const SILENT_SECONDS = 5

/** Whether a gateway has missed announcements: it is slow, paused, killed or cut off. */
export const isSilent = ({ silentSeconds }: Pick<Gateway, 'silentSeconds'>): boolean =>
  silentSeconds > SILENT_SECONDS

export const SILENT = 'is silent: slow, paused, killed or cut off'

type Lagging = Pick<Gateway, 'revocationLagSeconds'>

/** Whether a gateway may not know the newest revocations. */
export const isLate = ({ revocationLagSeconds: lag }: Lagging): boolean => lag > LATE_SECONDS

export const lagText = ({ revocationLagSeconds: lag }: Lagging): string =>
  lag === NEVER ? 'never read' : `${lag.toFixed(1)} s behind`

/** Whether load balancers send new clients to a gateway. */
export const takesClients = ({
  drained,
  failing
}: Pick<Gateway, 'drained' | 'failing'>): boolean =>
  failing === null ? drained !== true : failing.length === 0

/** Whether another gateway serves clients while this one is drained. */
export const isOtherLeft = ({ instance }: Gateway, all: readonly Gateway[]): boolean =>
  all.some((one) => one.instance !== instance && takesClients(one) && !isSilent(one))
