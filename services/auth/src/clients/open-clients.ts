import type { Database } from '../database/open-database.ts'
import type { Revocations } from '../revocations/open-revocations.ts'
import type { ReservedAudiences } from './client-audiences.ts'
import { type ClientOperations, clientOperations } from './client-operations.ts'
import { type ClientStore, clientStore } from './client-store.ts'
import { type UsedAssertions, usedAssertions } from './used-assertions.ts'

/** The machine clients: the operations on them, and what their authentication needs. */
export type Clients = ClientOperations &
  Pick<ClientStore, 'findById' | 'validSecrets'> &
  UsedAssertions

export function openClients(ports: {
  readonly reserved: ReservedAudiences
  readonly database: Database
  readonly revocations: Pick<Revocations, 'stale'>
  readonly clock: () => number
}): Clients {
  const { revocations, reserved, clock } = ports
  const { tables } = ports.database
  const store = clientStore(tables)
  const { findById, validSecrets } = store
  return {
    ...clientOperations({ store, stale: revocations.stale, reserved, clock }),
    ...usedAssertions(tables),
    findById,
    validSecrets
  }
}
