import type { Environment } from './environment.ts'
import { GatehouseProblem, type ProblemFacts } from './problem.ts'

/** After this time, a refresh or login without a response counts as lost. */
const TIMEOUT_MS = 10_000

export const noResponse = (cause?: unknown): GatehouseProblem =>
  new GatehouseProblem(
    { code: 'NETWORK', status: 0, title: 'No response', retryable: true },
    { cause }
  )

/**
 * The error that a response contains. What did not come from Gatehouse, such as the page of a
 * proxy, says nothing about the session: `NETWORK`.
 */
export async function problemOf(response: Response): Promise<GatehouseProblem> {
  const facts = (await response.json().catch(() => null)) as ProblemFacts | null
  if (typeof facts?.code !== 'string') return noResponse()
  // In seconds, as Gatehouse sends it.
  const retryAfter = Number(response.headers.get('retry-after')) || undefined
  return new GatehouseProblem({ ...facts, status: response.status, retryAfter })
}

export type Post = (path: string, body?: object, signal?: AbortSignal | null) => Promise<unknown>

/**
 * Sends requests about the session itself, and returns the JSON of the response; null if it is
 * empty.
 * @throws GatehouseProblem an error response, or `NETWORK`; the signal's reason after an abort
 */
export const poster =
  (environment: Environment, origin: string, credentials: 'include' | 'omit'): Post =>
  async (path, body, signal) => {
    const request = new AbortController()
    const abort = () => request.abort(signal?.reason)
    const cancel = environment.after(TIMEOUT_MS, abort)
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    const content = body && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body)
    }
    try {
      const init = { method: 'POST', credentials, signal: request.signal, ...content }
      const response = await environment.fetch(origin + path, init)
      if (!response.ok) throw await problemOf(response)
      const text = await response.text()
      return text ? JSON.parse(text) : null
    } catch (error) {
      throw signal?.aborted || error instanceof GatehouseProblem ? error : noResponse(error)
    } finally {
      cancel()
      signal?.removeEventListener('abort', abort)
    }
  }
