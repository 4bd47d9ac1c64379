import { authorisedFetch } from './calls/authorised-fetch.ts'
import { socketOpener } from './calls/authorised-socket.ts'
import type { Environment } from './environment.ts'
import type { ClientOptions, GatehouseClient } from './gatehouse-client.ts'
import { poster } from './post.ts'
import { refresher } from './session/refresh.ts'
import { openSession } from './session/session.ts'
import { signIn } from './session/sign-in.ts'
import { tokenSource } from './session/usable-token.ts'
import { sleep, untilAborted } from './sleep.ts'
import { cookie, memoryStorage } from './storage.ts'
import { openTabs } from './tabs/tabs.ts'

/** How long a new page waits for the answer of another tab, from its start. */
const ANSWER_MS = 50

/** Makes a client that uses this environment; tests pass their own. */
export function clientIn(environment: Environment, options: ClientOptions): GatehouseClient {
  const { baseUrl, delivery } = options
  const { origin } = new URL(baseUrl)
  const origins = new Set([baseUrl, ...(options.origins ?? [])].map((one) => new URL(one).origin))
  const isCookie = delivery === 'cookie'
  const storage = isCookie ? cookie : (options.storage ?? memoryStorage())
  const session = openSession(environment)
  // Only the cookie is shared. Clients of a server act for different users.
  const name = isCookie ? (`gatehouse ${origin}` as const) : null
  const tabs = openTabs(environment, name, storage, (message) => {
    if (message.type === 'question') tabs.post(session.answer())
    return message.type === 'failure' ? refresh.receiveFailure(message) : session.receive(message)
  })
  const post = poster(environment, origin, isCookie ? 'include' : 'omit')
  const ports = { environment, origin, origins, delivery, session, tabs, post, storage }
  const refresh = refresher(ports)
  const answered = Promise.race([tabs.news(), isCookie && sleep(environment, ANSWER_MS)])
  tabs.post({ type: 'question' })
  const usableToken = tokenSource(session, refresh, answered)
  const callPorts = { ...ports, refresh, usableToken }
  const fetch = authorisedFetch(callPorts)
  const signing = signIn(ports)

  return {
    ...signing,
    fetch,
    async logoutEverywhere({ signal } = {}) {
      const signedIn = poster({ ...environment, fetch }, origin, 'omit')
      const asked = signedIn('/auth/logout-all', undefined, signal)
      // If it fails while this session is open, the session stays open.
      await asked.catch(() => session.grant() !== null && asked)
      await signing.logout({ signal })
      // If this session had ended before, the request ended no other.
      await asked
    },
    async session({ signal } = {}) {
      const grant = await untilAborted(usableToken(), signal)
      return grant && { id: grant.session }
    },
    async getAccessToken({ signal } = {}) {
      const grant = await untilAborted(usableToken(true), signal)
      return grant?.token ?? null
    },
    webSocket: socketOpener(callPorts),
    onSessionEnd: session.onEnd
  }
}
