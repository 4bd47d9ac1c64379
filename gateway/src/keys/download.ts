const FETCH_TIMEOUT_MS = 2000
const LONGEST_DOCUMENT = 256 * 1024

/**
 * A document of an issuer, as text.
 * @throws Error where it does not come in time, is too large, or is somewhere else
 */
export async function download(url: string): Promise<string> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS)
  })
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    throw new Error(`the key set was answered with ${response.status}`)
  }
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > LONGEST_DOCUMENT) throw new Error('the key set is too large')
  }
  return text
}
