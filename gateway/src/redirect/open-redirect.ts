import { listen } from '@gatehouse/process/listen'
import { listenFault } from '@gatehouse/process/listen-fault'
import { type RedirectNeeds, redirectToHttps } from './redirect-to-https.ts'

type RedirectSettings = {
  readonly GATEWAY_HOST: string
  readonly GATEWAY_HTTP_REDIRECT_PORT?: number
  readonly TOKEN_ISSUER: string
}

export type Redirect = {
  /** where it listens */
  readonly url: string
  close(): Promise<void>
}

/**
 * The listener that sends clients of plain HTTP to the public origin; null where no port is set.
 * @throws StartFault where it cannot listen
 */
export async function openRedirect(
  settings: RedirectSettings,
  needs: Omit<RedirectNeeds, 'publicOrigin'>
): Promise<Redirect | null> {
  const { GATEWAY_HTTP_REDIRECT_PORT: port, GATEWAY_HOST: host, TOKEN_ISSUER } = settings
  if (port === undefined) return null
  const service = redirectToHttps({ ...needs, publicOrigin: TOKEN_ISSUER })
  const at = { host, port }
  try {
    return { url: await listen(service, at), close: () => service.close() }
  } catch (error) {
    throw listenFault(error, 'GATEWAY_HTTP_REDIRECT', at)
  }
}

/** The public origin is in TOKEN_ISSUER; a redirect to plain HTTP would go round in a circle. */
export const redirectFaults = (settings: RedirectSettings): string[] =>
  settings.GATEWAY_HTTP_REDIRECT_PORT !== undefined && !/^https:/i.test(settings.TOKEN_ISSUER)
    ? [
        'GATEWAY_HTTP_REDIRECT_PORT needs a TOKEN_ISSUER that begins with https://: clients are sent there'
      ]
    : []
