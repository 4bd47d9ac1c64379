import { setTimeout as pause } from 'node:timers/promises'
import { Server } from 'node:tls'
import type { Service } from '@gatehouse/http-service/build-service'
import type { ListenerTls } from '@gatehouse/tls/live-listener-tls'
import type { ProcessTls } from '@gatehouse/tls/process-tls'
import { listen } from './listen.ts'
import { listenFault } from './listen-fault.ts'
import type { RunningService } from './running-service.ts'

type Where = Parameters<typeof listen>[1]
type Listener = Parameters<typeof listen>[0]

export type ServiceParts = Omit<RunningService, 'url' | 'opsUrl' | 'drain' | 'endsWithinMs'> & {
  readonly service: { readonly app: Listener & Pick<Service, 'draining'>; readonly at: Where }
  readonly ops: { readonly app: Service; readonly at: Where }
  readonly times: DrainTimes
  /** of its listeners, which then get renewed certificates; closed after everything else */
  readonly tls?: ProcessTls
}

/** How long a service takes to end. */
export type DrainTimes = {
  /** how long it still serves every request after it has reported that it is about to end */
  readonly drainMs: number
  /** how long requests in flight may take after that */
  readonly closeMs: number
}

/** for what closes after the last request: stores, and the private listener */
const LAST_MS = 3000

/**
 * Starts the listeners of a service, the private one first.
 * @throws StartFault with the code of the error that prevented it, such as EADDRINUSE; by then,
 * everything is closed
 */
export async function openService({
  service,
  ops,
  times,
  tls,
  ...parts
}: ServiceParts): Promise<RunningService> {
  renew(tls?.service, service.app)
  renew(tls?.ops, ops.app)
  const running = {
    ...parts,
    reload() {
      parts.reload?.()
      tls?.reload()
    },
    async close() {
      await parts.close()
      tls?.close()
    }
  }
  const drain = async (): Promise<void> => {
    service.app.draining.begin()
    if (times.drainMs > 0) await pause(times.drainMs)
  }
  try {
    const settings = running.name.toUpperCase()
    const opsUrl = await listenAs(`${settings}_OPS`, ops)
    const url = await listenAs(settings, service)
    return { ...running, url, opsUrl, drain, endsWithinMs: times.drainMs + times.closeMs + LAST_MS }
  } catch (error) {
    await running.close()
    throw error
  }
}

/** Lets a listener follow its certificate, if it has one. */
function renew(tls: ListenerTls | null | undefined, { server }: Listener): void {
  if (server instanceof Server) tls?.serve(server)
}

async function listenAs(
  settings: string,
  { app, at }: { readonly app: Listener; readonly at: Where }
): Promise<string> {
  try {
    return await listen(app, at)
  } catch (error) {
    throw listenFault(error, settings, at)
  }
}
