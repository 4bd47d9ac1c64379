import { announcedReasons } from '@gatehouse/fleet/fleet'
import type { Finding } from '@gatehouse/process/findings'
import type { OperatorDrain } from '@gatehouse/process/operator-drain'
import { keyCheck } from '../keys/key-check.ts'
import type { Ports } from '../ports.ts'
import { revocationCheck } from '../revocation/revocation-check.ts'
import { routesCheck } from '../routes/table/routes-check.ts'

type Checked = {
  /** of our own auth service */
  readonly keys: Parameters<typeof keyCheck>[0]
  readonly revoked: Parameters<typeof revocationCheck>[0]
  readonly routes: Parameters<typeof routesCheck>[0]
}

/** What decides whether `/readyz` is 200. */
export type Readiness = {
  readonly checks: Readonly<Record<string, () => Finding>>
  readonly drain: Pick<OperatorDrain, 'reason'>
}

/**
 * The checks of `/readyz`.
 * @param limitSeconds the staleness above which the operator wants no traffic here
 */
export const readinessChecks = (
  limitSeconds: number | undefined,
  { keys, revoked, routes }: Checked
): Readiness['checks'] => ({
  keys: keyCheck(keys),
  revocations: revocationCheck(revoked, limitSeconds),
  routes: routesCheck(routes)
})

/**
 * Why clients should not connect to this gateway, for its announcement; empty: nothing prevents it.
 */
export function failingOf({ checks, drain: { reason } }: Readiness): string[] {
  const found = Object.values(checks).flatMap((check) => check().failing ?? [])
  return announcedReasons(reason === null ? found : [reason, ...found])
}

/** how soon the others learn that this gateway takes clients, or takes none */
const LOOK_MS = 200

/** Announces this gateway at once when it becomes ready, and when it ceases to be. */
export function announceReadiness(
  { closing }: Pick<Ports, 'closing'>,
  failing: () => readonly string[],
  announce: () => Promise<void>
): void {
  let wasReady = failing().length === 0
  const looking = setInterval(() => {
    const isReady = failing().length === 0
    if (isReady === wasReady) return
    wasReady = isReady
    void announce()
  }, LOOK_MS).unref()
  closing.defer(() => clearInterval(looking))
}
