import { type Approval, NeedsApproval, Problem } from './problem.ts'
import { forgetSession, proof } from './proof.ts'
import { noteServerTime } from './server-time.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/**
 * Sends a request to the operators' API.
 * @throws Problem, NeedsApproval
 */
export async function ask<Body>(method: Method, path: string, body?: object): Promise<Body> {
  const response = await send(path, {
    method,
    headers: { ...proofHeaders(), ...(body === undefined ? {} : json) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const content: unknown = response.status === 204 ? null : await response.json().catch(() => ({}))
  if (response.status === 202) throw new NeedsApproval((content as { approval: Approval }).approval)
  if (response.ok) return content as Body
  throw refused(response.status, content)
}

const json = { 'content-type': 'application/json' }

/** The half of the session that only this page knows. */
export const proofHeaders = (): Record<string, string> => ({ 'x-console-proof': proof() ?? '' })

/**
 * The same as `fetch`, and notes the time of the server.
 * @throws Problem if the auth service does not respond
 */
export async function send(path: string, init: RequestInit): Promise<Response> {
  const options: RequestInit = { ...init, cache: 'no-store', redirect: 'error' }
  const response = await fetch(path, options).catch((error: unknown) => {
    if (init.signal?.aborted === true) throw error
    throw new Problem(0, 'UNREACHABLE', 'The auth service does not answer.')
  })
  noteServerTime(response.headers.get('date'))
  return response
}

/** What the server says about a refused request. Forgets a session that has ended. */
export function refused(status: number, content: unknown): Problem {
  if (status === 401) forgetSession()
  return problemOf(status, content)
}

/** What the server says about a refusal. */
export function problemOf(status: number, content: unknown): Problem {
  const { code, detail, title } = (content ?? {}) as Record<string, string | undefined>
  return new Problem(status, code ?? `HTTP_${status}`, detail ?? title ?? `Status ${status}.`)
}
