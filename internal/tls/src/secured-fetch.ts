import type { ClientTlsReader } from './client-settings.ts'

type NodeDispatcher = NonNullable<RequestInit['dispatcher']>

/** As the `fetch` of Node.js, for addresses. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/**
 * A `fetch` that verifies servers by the given authorities, and shows the given certificate.
 * Each call reads the files again, and has a connection of its own.
 * @param tls null: by the authorities that Node.js includes, without a certificate
 */
export function securedFetch(tls: ClientTlsReader | null): Fetch {
  if (tls === null) return fetch
  return async (url, init) => {
    const { options } = tls()
    // Loaded at the first use: most processes never need it.
    const { Agent } = await import('undici')
    const agent = new Agent({ connect: { ...options } })
    try {
      // The types of Node.js are those of another release of undici.
      return await fetch(url, { ...init, dispatcher: agent as unknown as NodeDispatcher })
    } finally {
      // Ends the connection when the body of the response has been read.
      void agent.close()
    }
  }
}
