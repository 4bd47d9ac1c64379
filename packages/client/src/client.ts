import type { FactorAnswer, Login, PasskeyRequest, Registered, Registration, User } from './api.ts'
import { clientIn } from './client-in.ts'
import { ownEnvironment } from './environment.ts'
import type { ClientOptions, GatehouseClient, SessionEnd } from './gatehouse-client.ts'
import { GatehouseProblem, type ProblemCode } from './problem.ts'
import type { RefreshTokenStorage } from './storage.ts'

export type {
  ClientOptions,
  FactorAnswer,
  GatehouseClient,
  Login,
  PasskeyRequest,
  ProblemCode,
  RefreshTokenStorage,
  Registered,
  Registration,
  SessionEnd,
  User
}
export { GatehouseProblem }

/**
 * A client of the Gatehouse at `baseUrl`. Make one for the whole page or program.
 * @throws TypeError if `baseUrl` or one of `origins` is not an absolute URL
 */
export function createClient(options: ClientOptions): GatehouseClient {
  return clientIn(ownEnvironment(), options)
}
