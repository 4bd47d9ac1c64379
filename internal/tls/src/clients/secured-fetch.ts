import type { ClientTlsReader } from './client-settings.ts'

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
    const { Agent, fetch: send } = await import('undici')
    const agent = new Agent({ allowH2: false, connect: { ...options } })
    try {
      // The `fetch` of Node.js comes from another release of undici. It and its types do not work
      // with this agent.
      const response: unknown = await send(url, { ...(init as object), dispatcher: agent })
      return response as Response
    } finally {
      // Ends the connection when the body of the response has been read.
      void agent.close()
    }
  }
}
