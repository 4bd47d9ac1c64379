import { authorisedFetch } from './authorised-fetch.ts'
import type { Environment } from './environment.ts'
import type { ClientOptions, GatehouseClient } from './gatehouse-client.ts'
import { poster, problemOf } from './post.ts'
import { refresher } from './refresh.ts'
import { openSession } from './session.ts'
import { signIn } from './sign-in.ts'
import { sleep, untilAborted } from './sleep.ts'
import { memoryStorage } from './storage.ts'
import { openTabs } from './tabs.ts'
import { tokenSource } from './usable-token.ts'

/** How long a new page waits for the token of another tab, from its start. */
const INTRODUCTION_MS = 50

/** A client in a runtime of the caller's choice. */
export function clientIn(environment: Environment, options: ClientOptions): GatehouseClient {
  const { origin } = new URL(options.baseUrl)
  const origins = new Set([origin, ...(options.origins ?? []).map((one) => new URL(one).origin)])
  const isCookie = options.delivery === 'cookie'
  const storage = isCookie ? null : (options.storage ?? memoryStorage())
  const session = openSession(environment)
  // Only the cookie is shared. Clients of a server act for different users.
  const tabs = openTabs(environment, isCookie ? `gatehouse ${origin}` : null, (message) => {
    const told = message.tells === 'asks' && session.told()
    if (told) tabs.post(told)
    return message.tells === 'failure' ? refresh.hearFailure(message) : session.hear(message)
  })
  const post = poster(environment, origin, isCookie ? 'include' : 'omit')
  const ports = { environment, origin, origins, session, tabs, post, storage }
  const refresh = refresher(ports)
  const tokens = tokenSource(session, refresh)
  const introduced = isCookie && Promise.race([tabs.news(), sleep(environment, INTRODUCTION_MS)])
  tabs.post({ tells: 'asks' })
  const usableToken = async (once = false) => {
    if (session.grant() === undefined) await introduced
    return tokens(once)
  }
  const fetch = authorisedFetch({ ...ports, refresh, usableToken })
  const { login, logout, register } = signIn(ports)

  return {
    login,
    logout,
    register,
    fetch,
    async logoutEverywhere({ signal } = {}) {
      const response = await fetch('/auth/logout-all', { method: 'POST', signal: signal ?? null })
      if (!response.ok && session.grant()) throw await problemOf(response)
      await logout({ signal })
    },
    async session({ signal } = {}) {
      const grant = await untilAborted(usableToken(), signal)
      return grant && { id: grant.session }
    },
    async getAccessToken({ signal } = {}) {
      const grant = await untilAborted(usableToken(true), signal)
      return grant?.token ?? null
    },
    async webSocket(address, { protocols = [], signal } = {}) {
      const url = new URL(address, origin)
      url.protocol = url.protocol.replace('ws', 'http')
      if (!origins.has(url.origin)) throw new TypeError(`${url.origin} is not one of the origins`)
      url.protocol = url.protocol.replace('http', 'ws')
      const grant = await untilAborted(usableToken(true), signal)
      const own = grant ? ['gatehouse', `gatehouse.bearer.${grant.token}`] : []
      return new WebSocket(url, [...protocols, ...own])
    },
    onSessionEnd: session.onEnd
  }
}
