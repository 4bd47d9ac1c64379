import { setTimeout as sleep } from 'node:timers/promises'
import { client, type TokenAnswer } from '@gatehouse/fixtures/client'
import { kidOf } from '@gatehouse/fixtures/gateway-fleet'

const PASSWORD = 'correct horse battery'

/** What clients were answered. */
export type Answers = {
  /** as they should be */
  readonly good: number
  /** the others: the status and the code, or the error of the network, with the request */
  readonly failed: readonly string[]
  /** how many signing keys the tokens of these clients had */
  readonly keys: number
}

/** Clients that read, order and refresh, one request after the other, until they are stopped. */
export type AskingClients = {
  /** the responses since the last call */
  take(): Answers
  /** waits for the requests in flight */
  stop(): Promise<void>
}

type Load = {
  readonly clients: number
  /** between two requests of a client */
  readonly pauseMs: number
}

/**
 * @param urls of the gateways: each client asks one after the other
 * @throws if the user of a client cannot sign in
 */
export async function askingClients(
  urls: readonly string[],
  { clients: count, pauseMs }: Load
): Promise<AskingClients> {
  let isGoing = true
  const tally = newTally()
  const all = await Promise.all(
    Array.from({ length: count }, async (_, index) => await signedIn(urls, index))
  )
  const asking = all.map(async ({ next, first }) => {
    let tokens = first
    while (isGoing) {
      const token = tokens.accessToken
      tally.signedWith(kidOf(token))
      await tally.note('GET /orders', 200, () => next().call('/orders', { token }))
      await sleep(pauseMs)
      const json = { item: 'tea', quantity: 1 }
      await tally.note('POST /orders', 201, () => next().call('/orders', { token, json }))
      await sleep(pauseMs)
      const refresh = () => next().refresh(tokens.refreshToken)
      const body = await tally.note('POST /auth/refresh-token', 200, refresh)
      tokens = (body as TokenAnswer | null) ?? tokens
      await sleep(pauseMs)
    }
  })
  return {
    take: tally.take,
    async stop() {
      isGoing = false
      await Promise.all(asking)
    }
  }
}

type Asked = { readonly status: number; readonly body: { readonly code?: string } | null }

function newTally() {
  let good = 0
  let failed: string[] = []
  let kids = new Set<string>()
  return {
    /** @returns the body of a response as it should be; otherwise null */
    note(name: string, wanted: number, asked: () => Promise<Asked>) {
      return asked().then(
        ({ status, body }) => {
          if (status === wanted) good += 1
          else failed.push(`${name}: ${status} ${body?.code ?? ''}`)
          return status === wanted ? body : null
        },
        (error) => {
          failed.push(`${name}: ${error.cause?.code ?? error}`)
          return null
        }
      )
    },
    signedWith: (kid: string) => {
      kids.add(kid)
    },
    take(): Answers {
      const answers = { good, failed, keys: kids.size }
      good = 0
      failed = []
      kids = new Set()
      return answers
    }
  }
}

async function signedIn(urls: readonly string[], index: number) {
  const gateways = urls.map((url) => client(url))
  let turn = index
  const next = () => {
    const gateway = gateways[turn++ % gateways.length]
    if (gateway === undefined) throw new Error('there is no gateway')
    return gateway
  }
  const { register, login } = next()
  const email = `client-${index}@example.com`
  await register(email, PASSWORD)
  const { status, text, body: first } = await login(email, PASSWORD)
  if (status !== 200) throw new Error(`login: ${status} ${text}`)
  return { next, first }
}
