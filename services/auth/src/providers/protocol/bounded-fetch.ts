import { isLoopbackOrigin } from '@gatehouse/edge-headers/web-origin'
import { ProviderFault } from './provider-fault.ts'

/** the maximum size of what a provider sends: metadata, keys, tokens and user info */
const MOST_BYTES = 512 * 1024

/** Statuses whose response has no body (Fetch, null body status). */
const WITHOUT_BODY = new Set([204, 205, 304])

const unavailable = (message: string) => new ProviderFault('unavailable', message)

export type BoundedFetch = ReturnType<typeof boundedFetch>

/**
 * A `fetch` for what a provider's metadata name: only over https, without following redirects, and
 * with the whole response read within the time of the request.
 * @param isLocal the provider is on this machine: its URLs may be plain HTTP, on this machine
 */
export const boundedFetch =
  (isLocal: boolean) =>
  async (address: string, init: RequestInit): Promise<Response> => {
    const url = new URL(address)
    const isSafe = url.protocol === 'https:' || (isLocal && isLoopbackOrigin(url.origin))
    if (!isSafe) throw new ProviderFault('invalid', 'the metadata name a URL that is not https')
    const { status, headers, body } = await sent(url, init)
    if (status >= 500 || status === 429) {
      throw unavailable(`the provider responded with the status ${status}`)
    }
    return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers })
  }

async function sent(url: URL, init: RequestInit) {
  try {
    const response = await fetch(url, { ...init, redirect: 'manual' })
    const { status, headers } = response
    return { status, headers, body: await bodyOf(response) }
  } catch (error) {
    if (error instanceof ProviderFault) throw error
    const { name } = error as Error
    throw unavailable(
      name === 'TimeoutError' ? 'the provider did not respond in time' : 'the connection failed'
    )
  }
}

async function bodyOf({ body }: Response): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MOST_BYTES) throw unavailable('the response of the provider is too large')
    chunks.push(chunk)
  }
  return new Blob(chunks)
}
