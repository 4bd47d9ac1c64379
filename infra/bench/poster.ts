import { Agent, request } from 'node:http'

type Posted = {
  readonly status: number
  readonly body: {
    readonly refreshToken: string
    readonly refresh_token?: string
    readonly token?: string
  }
}

export type Post = (
  path: string,
  body: object,
  headers?: Readonly<Record<string, string>>
) => Promise<Posted>

/**
 * A minimal client with persistent connections. It sends `URLSearchParams` as a form, and other
 * bodies as JSON. Refusals are ordinary responses.
 */
export function poster(base: string, connections: number): Post {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return (path, body, more = {}) =>
    new Promise((resolve, reject) => {
      const isForm = body instanceof URLSearchParams
      const payload = isForm ? body.toString() : JSON.stringify(body)
      const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json'
      const headers = { 'content-type': type, 'content-length': payload.length, ...more }
      const sent = request(new URL(path, base), { method: 'POST', agent, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) })
        )
      })
      sent.on('error', reject).end(payload)
    })
}

/** The body of a request that must succeed for the figures to be valid. */
export function succeeded({ status, body }: Posted): Posted['body'] {
  if (status >= 300) throw new Error(`answered with ${status}`)
  return body
}
