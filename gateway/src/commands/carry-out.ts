import { type CommandAnswer, MOST_FAULTS, type Order } from '@gatehouse/fleet/commands'
import { type Fleet, takesClients } from '@gatehouse/fleet/fleet'
import type { OperatorDrain } from '@gatehouse/process/operator-drain'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import type { LiveRouteTable, ValidatedTable } from '../routes/table/live-route-table.ts'
import { routesVersion } from '../routes/table/routes-version.ts'

/** What commands act on. */
export type CommandPorts = {
  readonly fleet: Pick<Fleet, 'live'>
  /** the same for all workers of this gateway */
  readonly instance: string
  readonly drain: Pick<OperatorDrain, 'isDrained' | 'set'>
  /** Announces this gateway at once. */
  announce(): Promise<void>
  readonly routes: Pick<LiveRouteTable, 'current' | 'reload' | 'warnings' | 'validate'>
}

const LAST = 'no other live gateway would be left that serves clients'

/**
 * Does what an operator orders.
 * @throws if the store is unreachable
 */
export async function carryOut(order: Order, ports: CommandPorts): Promise<CommandAnswer> {
  const { drain, routes } = ports
  const answer = (faults: readonly string[], read?: ValidatedTable): CommandAnswer => ({
    done: faults.length === 0,
    faults: faults.slice(0, MOST_FAULTS),
    warnings: (read?.warnings ?? []).slice(0, MOST_FAULTS),
    routes: read?.routes ?? null,
    routesVersion: routesVersion(routes.current())
  })
  switch (order.kind) {
    case 'drain':
      return answer((await drained(order.force, ports)) ? [] : [LAST])
    case 'undrain':
      drain.set(false)
      await ports.announce()
      return answer([])
    case 'reload': {
      const faults = routes.reload()
      // Gateways are then grouped by the table that they have now.
      await ports.announce()
      const inForce = { routes: routes.current().routes.length, warnings: routes.warnings() }
      return answer(faults, inForce)
    }
    case 'validate':
      try {
        return answer([], await routes.validate(order.table))
      } catch (error) {
        if (!(error instanceof SettingsFault)) throw error
        return answer(error.faults)
      }
  }
}

/**
 * Takes this gateway out of service.
 * @param force even if no other one serves clients
 * @returns false if no other one does
 */
async function drained(force: boolean, ports: CommandPorts): Promise<boolean> {
  const { drain, announce } = ports
  // Another worker may have been told first.
  if (drain.isDrained) return true
  if (!force && !(await isAnotherLeft(ports))) return false
  drain.set(true)
  await announce()
  if (force || (await isAnotherLeft(ports))) return true
  // Others were drained at the same time. Each of them looks after its own announcement, so at
  // least one of them sees that no other is left.
  drain.set(false)
  await announce()
  return false
}

async function isAnotherLeft({ fleet, instance }: CommandPorts): Promise<boolean> {
  const live = await fleet.live()
  return live.some((one) => one.vitals?.instance !== instance && takesClients(one))
}
