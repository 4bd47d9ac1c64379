import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { instanceOfWorkers } from '@gatehouse/process/as-worker'

/** Who this gateway is to the rest of the fleet. */
export type FleetMember = {
  readonly id: string
  /** the same for all workers of this gateway */
  readonly instance: string
  /** for operators */
  readonly name: string
}

type NameSettings = {
  readonly GATEWAY_NAME?: string | undefined
  readonly GATEWAY_PORT: number
}

/** A member with a new id. */
export function newFleetMember(config: NameSettings): FleetMember {
  const id = randomUUID()
  const instance = instanceOfWorkers()
  return { id, instance: instance ?? id, name: nameOf(config, instance !== null) }
}

/**
 * The name that an operator has chosen, or else the host with the port, by which people tell the
 * gateways of a machine apart. Workers share the port, and the system may choose it: the process id
 * then distinguishes them.
 */
function nameOf({ GATEWAY_NAME: chosen, GATEWAY_PORT: port }: NameSettings, isWorker: boolean) {
  const gateway = chosen ?? (port === 0 ? hostname() : `${hostname()}:${port}`)
  const isAmbiguous = isWorker || (chosen === undefined && port === 0)
  return isAmbiguous ? `${gateway}:${process.pid}` : gateway
}
