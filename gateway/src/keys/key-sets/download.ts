import type { ClientTlsReader } from '@gatehouse/tls/client-settings'
import { connectionFault } from '@gatehouse/tls/connection-fault'
import { securedFetch } from '@gatehouse/tls/secured-fetch'
import { fetch } from 'undici'

/** A document of an issuer is not what it should be; the message is for the log. */
export class KeySetFault extends Error {
  override readonly name: string = 'KeySetFault'
}

/** The issuer responded, but not with the document. */
export class DownloadFailed extends KeySetFault {
  override readonly name = 'DownloadFailed'
  /** when to ask again, according to the issuer (RFC 9110 §10.2.3) */
  readonly retryAfter: string | null

  constructor(status: number, retryAfter: string | null) {
    super(`the response to the request for the key set has the status ${status}`)
    this.retryAfter = retryAfter
  }
}

/** How long a download may take, unless its caller says otherwise. */
const DOWNLOAD_MS = 2000
const LONGEST_DOCUMENT = 256 * 1024

/** A document of an issuer, as text, and its age: how long ago its source still had it. */
type Downloaded = { readonly text: string; readonly ageMs: number }

/**
 * Downloads a document of an issuer.
 * @param tls how the certificate of the issuer is verified; null: by the public authorities
 * @throws Error if it does not arrive in time or is too large, and DownloadFailed if the status is
 * not one of success: a redirect is not followed
 */
export async function download(
  url: string,
  timeoutMs = DOWNLOAD_MS,
  tls: ClientTlsReader | null = null
): Promise<Downloaded> {
  const signal = AbortSignal.timeout(timeoutMs)
  // With the `fetch` of Node.js, the process would load a second copy of undici.
  const send = tls === null ? fetch : securedFetch(tls)
  const response = await send(url, { redirect: 'manual', signal })
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    throw new DownloadFailed(response.status, response.headers.get('retry-after'))
  }
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > LONGEST_DOCUMENT) throw new KeySetFault('the key set is too large')
  }
  return { text, ageMs: ageSecondsOf(response.headers) * 1000 }
}

/** RFC 9111 §5.1: set by caches, and by our own auth service while it cannot read its keys. */
function ageSecondsOf(headers: Pick<Headers, 'get'>): number {
  const age = headers.get('age') ?? ''
  return /^\d{1,9}$/.test(age) ? Number(age) : 0
}

/**
 * Why a download failed, for the log. `fetch` itself says no more than that it failed, so this
 * takes its cause.
 */
export function downloadFault(error: unknown): string {
  if (error instanceof KeySetFault) return error.message
  const { cause = null } = error instanceof Error ? error : {}
  return cause === null ? connectionFault(error) : `fetch failed: ${connectionFault(cause)}`
}
