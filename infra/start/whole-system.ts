import { API_PAGE } from '@gatehouse/api-page/serve-api-page'
import { askListener } from '@gatehouse/process/ask-listener'
import type { RunningService } from '@gatehouse/process/running-service'
import { StartFault } from '@gatehouse/process/start-fault'
import { isGiven } from '@gatehouse/settings/secret'
import { resolveEnvironment } from './environment.ts'
import { hasApiPage, startInOneProcess } from './one-process.ts'
import { type ProgramOf, sourceProgram, startProcesses } from './processes.ts'

/** The running system, which can be stopped as a whole. */
export type WholeSystem = RunningService & {
  readonly services: readonly RunningService[]
  /** the page of the HTTP API, in development and in one process; otherwise null */
  readonly apiPage: string | null
}

const READY_WITHIN_MS = 30_000
const POLL_MS = 50

/**
 * Starts every service: in this process with embedded stores, or each as a process if REDIS_URL
 * names a shared store. Resolves when a login through the gateway would succeed.
 */
export async function startSystem(
  given: NodeJS.ProcessEnv,
  programOf: ProgramOf = sourceProgram
): Promise<WholeSystem> {
  const services = await startServices(given, programOf)
  const gateway = services.find(({ name }) => name === 'gateway')
  if (gateway === undefined) throw new Error('there is no gateway')
  const inner = services.filter((service) => service !== gateway)
  const takeDown = async () => {
    // The gateway first, so that the other services can complete its requests.
    const ends = [await ended([gateway]), await ended(inner)].flat()
    const fault = ends.find((end) => end.status === 'rejected')
    if (fault !== undefined) throw fault.reason
  }
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= takeDown()
    return closing
  }
  try {
    await Promise.all(services.map((service) => isReady(service, given)))
  } catch (error) {
    // The error of the start is the one to report.
    await close().catch(() => {})
    throw error
  }
  const innerMs = Math.max(...inner.map((service) => service.endsWithinMs))
  const endsWithinMs = gateway.endsWithinMs + innerMs
  const apiPage = apiPageOf(services, given)
  return { ...gateway, name: 'system', services, apiPage, close, endsWithinMs }
}

function apiPageOf(services: readonly RunningService[], given: NodeJS.ProcessEnv): string | null {
  const auth = services.find(({ name }) => name === 'auth')
  if (auth === undefined || isGiven(given, 'REDIS_URL') || !hasApiPage(given)) return null
  return `${auth.opsUrl}${API_PAGE}`
}

/** Closes all of them, even if one cannot be closed. */
const ended = (services: readonly RunningService[]) =>
  Promise.allSettled(services.map((service) => service.close()))

/**
 * A free port may be taken before its service listens. Then the start is repeated with other ports.
 */
async function startServices(
  given: NodeJS.ProcessEnv,
  programOf: ProgramOf,
  attempts = 3
): Promise<RunningService[]> {
  // No load balancer waits for this machine to drain, unless the operator says so.
  const drain = { DRAIN_SECONDS: given.DRAIN_SECONDS || '0' }
  const environment = await resolveEnvironment({ ...given, ...drain })
  try {
    return isGiven(environment, 'REDIS_URL')
      ? await startProcesses(environment, programOf)
      : await startInOneProcess(environment)
  } catch (error) {
    if (!isTakenByChance(error, given) || attempts <= 1) throw error
    return startServices(given, programOf, attempts - 1)
  }
}

/** Whether a port that was chosen here is taken, as far as the error names it. */
function isTakenByChance(error: unknown, given: NodeJS.ProcessEnv): boolean {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return false
  const ports = Object.entries(given).flatMap(([name, port]) =>
    name.endsWith('_PORT') ? [port] : []
  )
  return ports.includes('0') && !('port' in error && ports.includes(String(error.port)))
}

/** @throws StartFault if it is not ready in time */
async function isReady({ name, opsUrl }: RunningService, given: NodeJS.ProcessEnv): Promise<void> {
  const url = `${opsUrl}/readyz`
  const deadline = Date.now() + READY_WITHIN_MS
  let body = 'nothing'
  while (Date.now() < deadline) {
    const response = await askListener(`${name.toUpperCase()}_OPS`, url, given).catch(() => null)
    body = response?.body ?? 'nothing'
    // A degraded process may not be able to sign users in.
    if (response?.status === 200 && body.includes('"status":"ready"')) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new StartFault(`not ready within ${READY_WITHIN_MS / 1000} s: ${url} answered ${body}`)
}
