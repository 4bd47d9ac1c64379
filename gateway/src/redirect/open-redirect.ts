import { listen } from '@gatehouse/process/listen'
import { listenFault } from '@gatehouse/process/listen-fault'
import { type RedirectOptions, redirectToHttps } from './redirect-to-https.ts'

type RedirectSettings = {
  readonly GATEWAY_HOST: string
  readonly GATEWAY_HTTP_REDIRECT_PORT?: number
  readonly TOKEN_ISSUER: string
}

export type Redirect = {
  /** the address on which it listens */
  readonly url: string
  close(): Promise<void>
}

/**
 * The listener that redirects clients of plain HTTP to the public origin; null if no port is set.
 * @throws StartFault if it cannot listen
 */
export async function openRedirect(
  settings: RedirectSettings,
  options: Omit<RedirectOptions, 'publicOrigin'>
): Promise<Redirect | null> {
  const { GATEWAY_HTTP_REDIRECT_PORT: port, GATEWAY_HOST: host, TOKEN_ISSUER } = settings
  if (port === undefined) return null
  const service = redirectToHttps({ ...options, publicOrigin: TOKEN_ISSUER })
  const at = { host, port }
  try {
    return { url: await listen(service, at), close: () => service.close() }
  } catch (error) {
    throw listenFault(error, 'GATEWAY_HTTP_REDIRECT', at)
  }
}

/** TOKEN_ISSUER names the public origin. A redirect to plain HTTP would never end. */
export const redirectFaults = (settings: RedirectSettings): string[] =>
  settings.GATEWAY_HTTP_REDIRECT_PORT !== undefined && !/^https:/i.test(settings.TOKEN_ISSUER)
    ? [
        'GATEWAY_HTTP_REDIRECT_PORT needs a TOKEN_ISSUER that begins with https://: clients are sent there'
      ]
    : []
