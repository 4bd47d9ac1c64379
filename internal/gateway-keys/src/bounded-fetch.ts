import type { FetchImplementation } from 'jose'

/** far more than the keys of any number of gateways have */
export const MOST_BYTES = 1024 * 1024

/** `fetch` for jose, which reads a response of any length. Only a status of 200 has a body. */
export const boundedFetch: FetchImplementation = async (url, options) => {
  const response = await fetch(url, options)
  if (response.status === 200) return new Response(await bodyOf(response))
  await response.body?.cancel()
  return Response.error()
}

async function bodyOf({ body }: Response): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  const reader = body?.getReader()
  for (;;) {
    const { value } = (await reader?.read()) ?? {}
    if (value === undefined) return new Blob(chunks)
    bytes += value.length
    if (bytes > MOST_BYTES) {
      await reader?.cancel()
      throw new Error('the key set is too large')
    }
    chunks.push(value)
  }
}
