import { Refused } from '../../failures.ts'

export type Credentials = { readonly email: string; readonly password: string }

export type Tokens = {
  readonly accessToken: string
  readonly refreshToken: string
  readonly session: { readonly id: string }
}

/** A response of a gateway; status 0 if there was none. */
export type ApiResponse<Body = unknown> = {
  readonly status: number
  /** the code of the error; without one, a code for the status */
  readonly code: string
  readonly body: Body
}

/** The public API of one gateway, for a client. */
export type PublicApi = {
  readonly url: string
  /** @throws Refused if the login fails */
  login(credentials: Credentials): Promise<Tokens>
  refresh(refreshToken: string): Promise<ApiResponse<Tokens>>
  logout(refreshToken: string): Promise<ApiResponse>
  /** The gateway's response to this access token: 200 if it is valid. */
  me(accessToken: string): Promise<ApiResponse>
}

const TIMEOUT_MS = 5000
const NO_FACTOR =
  'AUTH_SECOND_FACTOR or AUTH_SECOND_FACTOR_ROLES demands a second factor, which the account of a drill does not have.'

export function publicApi(url: string): PublicApi {
  const ask = async <Body>(path: string, init: RequestInit): Promise<ApiResponse<Body>> => {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const response = await fetch(new URL(path, url), { ...init, redirect: 'error', signal })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json') ?? false
      const body = isJson ? JSON.parse(text) : {}
      return { status: response.status, code: body.code ?? `HTTP_${response.status}`, body }
    } catch {
      return { status: 0, code: 'NO_ANSWER', body: {} as Body }
    }
  }
  const post = <Body>(path: string, body: object) =>
    ask<Body>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body)
    })
  return {
    url,
    async login(credentials) {
      const { status, code, body } = await post<Tokens>('/auth/login', credentials)
      if (status === 200) return body
      const why = code === 'FACTOR_REQUIRED' ? `${code}. ${NO_FACTOR}` : `${code}.`
      throw new Refused('DRILL_IMPOSSIBLE', `A login at ${url} failed: ${why}`)
    },
    refresh: (refreshToken) => post('/auth/refresh-token', { refreshToken }),
    logout: (refreshToken) => post('/auth/logout', { refreshToken }),
    me: (accessToken) => ask('/auth/me', { headers: { authorization: `Bearer ${accessToken}` } })
  }
}
