/** The issuer responded, but not with the document. */
export class DownloadFailed extends Error {
  override readonly name = 'DownloadFailed'
  /** when to ask again, according to the issuer (RFC 9110 §10.2.3) */
  readonly retryAfter: string | null

  constructor(status: number, retryAfter: string | null) {
    super(`the key set was answered with ${status}`)
    this.retryAfter = retryAfter
  }
}

/** How long a download may take, unless its caller says otherwise. */
const DOWNLOAD_MS = 2000
const LONGEST_DOCUMENT = 256 * 1024

/**
 * A document of an issuer, as text.
 * @throws Error if it does not arrive in time, is too large, or is elsewhere (a redirect)
 */
export async function download(url: string, timeoutMs = DOWNLOAD_MS): Promise<string> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs)
  })
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    throw new DownloadFailed(response.status, response.headers.get('retry-after'))
  }
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > LONGEST_DOCUMENT) throw new Error('the key set is too large')
  }
  return text
}
