import { Server } from 'node:tls'
import type { ListenerTls } from '@gatehouse/tls/live-listener-tls'
import { listen } from './listen.ts'
import { listenFault } from './listen-fault.ts'

type Listener = Parameters<typeof listen>[0]
/** Where a service listens. */
export type ListenAddress = Parameters<typeof listen>[1]

/**
 * Starts a listener, which then follows its certificate. Returns its address as `listen` does.
 * @param settings the prefix of its settings, for example `AUTH_OPS`
 * @throws StartFault with the code of the error that prevented it, such as EADDRINUSE
 */
export async function listenAs(
  settings: string,
  { app, at }: { readonly app: Listener; readonly at: ListenAddress },
  tls: ListenerTls | null | undefined
): Promise<string> {
  if (app.server instanceof Server) tls?.serve(app.server)
  try {
    return await listen(app, at)
  } catch (error) {
    throw listenFault(error, settings, at)
  }
}
