/**
 * Calls other services as the user of a request.
 * @param {{ gateway: string, id: string, secret: string }} client the origin of the gateway, and the
 *   machine client of this service
 */
export function callsAsUser({ gateway, id, secret }) {
  const authorization = `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`
  const tokens = new Map()

  async function exchange(assertion, audience) {
    const response = await fetch(`${gateway}/oauth/token`, {
      method: 'POST',
      headers: { authorization },
      signal: AbortSignal.timeout(5000),
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        subject_token: assertion,
        audience
      })
    })
    const answer = await response.json()
    if (response.ok) return answer
    const status = response.status === 503 ? 503 : 500
    throw Object.assign(new Error(`token exchange: ${answer.error_description}`), { status })
  }

  /** The gateway sends the same assertion for half a minute, so few requests need an exchange. */
  function tokenFor(assertion, audience) {
    const key = `${audience} ${assertion}`
    const known = tokens.get(key)
    if (known !== undefined) return known
    const made = exchange(assertion, audience)
    const forget = () => tokens.delete(key)
    tokens.set(key, made)
    made.then(({ expires_in: seconds }) => setTimeout(forget, seconds * 500).unref(), forget)
    return made
  }

  /** `fetch` for a path of the service that has this audience. */
  return async function asUser(request, audience, path, init = {}) {
    const { access_token: token } = await tokenFor(request.headers['x-auth-assertion'], audience)
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token}`)
    return await fetch(`${gateway}${path}`, { ...init, headers })
  }
}
