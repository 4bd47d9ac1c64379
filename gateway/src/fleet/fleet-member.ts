import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { instanceOfWorkers } from '@gatehouse/process/workers/as-worker'

/** Who this gateway is to the rest of the fleet. */
export type FleetMember = {
  readonly id: string
  /** the same for all workers of this gateway */
  readonly instance: string
  /** for operators: host and process */
  readonly name: string
}

/** A member with a new id. */
export function newFleetMember(): FleetMember {
  const id = randomUUID()
  return { id, instance: instanceOfWorkers() ?? id, name: `${hostname()}:${process.pid}` }
}
