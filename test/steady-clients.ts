import { once } from 'node:events'
import { constants, connect as openSession } from 'node:http2'
import { Agent, get } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

type Target = {
  readonly url: string
  /** the certificate of the authority that signed the one of the gateway */
  readonly ca: Buffer
  readonly authorization: string
}

type SteadyClient = {
  /** Returns the status of the response. */
  ask(path: string): Promise<number>
  close(): Promise<void>
}

/** A client over HTTP/1.1, with one connection that it keeps as long as the gateway does. */
export function keepingAlive({ url, ca, authorization }: Target): SteadyClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca })
  return {
    async ask(path) {
      const request = get(new URL(path, url), { agent, headers: { authorization } })
      const [response] = await once(request, 'response')
      await text(response)
      return response.statusCode
    },
    close: async () => agent.destroy()
  }
}

/** A client over HTTP/2, which opens another connection when it is told to. */
export function multiplexing({ url, ca, authorization }: Target): SteadyClient {
  const open = () => {
    const session = openSession(url, { ca })
    let isLeaving = false
    session.on('goaway', () => {
      isLeaving = true
    })
    session.on('error', () => {})
    return { session, mustLeave: () => isLeaving || session.closed || session.destroyed }
  }
  let current = open()
  return {
    async ask(path) {
      if (current.mustLeave()) {
        current.session.close()
        current = open()
      }
      const stream = current.session.request({ ':path': path, authorization })
      const [headers] = await once(stream, 'response')
      await text(stream)
      return Number(headers[constants.HTTP2_HEADER_STATUS])
    },
    close: async () => current.session.close()
  }
}

/** a light load, because the suite shares the machine */
const PAUSE_MS = 20

/**
 * Each client sends one request after the other.
 * @returns a function that ends this; it returns the statuses, and the codes of what failed
 */
export function steadyLoad(clients: readonly SteadyClient[]) {
  const answers: (number | string)[] = []
  let isGoing = true
  const all = clients.map(async ({ ask, close }, turn) => {
    for (let round = turn; isGoing; round += 1) {
      const path = round % 2 === 0 ? '/orders' : '/auth/me'
      answers.push(await ask(path).catch((error) => String(error.code ?? error)))
      await sleep(PAUSE_MS)
    }
    await close()
  })
  return async () => {
    isGoing = false
    await Promise.all(all)
    return answers
  }
}
