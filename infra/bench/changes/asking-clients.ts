import { setTimeout as sleep } from 'node:timers/promises'
import { client, type TokenAnswer } from '@gatehouse/fixtures/client'

const PASSWORD = 'correct horse battery'

/** What clients were answered. */
export type Answers = {
  /** as they should be */
  readonly good: number
  /** the others: the status and the code, or the error of the network, with the request */
  readonly failed: readonly string[]
}

/** Clients that read, order and refresh, one request after the other, until they are stopped. */
export type AskingClients = {
  /** the answers since the last call */
  take(): Answers
  /** waits for the requests in flight */
  stop(): Promise<void>
}

type Load = {
  readonly clients: number
  /** between two requests of a client */
  readonly pauseMs: number
}

/** @throws if the user of a client cannot sign in */
export async function askingClients(
  url: string,
  { clients: count, pauseMs }: Load
): Promise<AskingClients> {
  let good = 0
  let failed: string[] = []
  let isGoing = true
  const note = (name: string, wanted: number, asked: () => Promise<Asked>) =>
    asked().then(
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
  const all = await Promise.all(
    Array.from({ length: count }, async (_, index) => signedIn(url, index))
  )
  const asking = all.map(async ({ call, refresh, tokens: first }) => {
    let tokens = first
    while (isGoing) {
      const token = tokens.accessToken
      await note('GET /orders', 200, () => call('/orders', { token }))
      await sleep(pauseMs)
      const json = { item: 'tea', quantity: 1 }
      await note('POST /orders', 201, () => call('/orders', { token, json }))
      await sleep(pauseMs)
      const body = await note('POST /auth/refresh-token', 200, () => refresh(tokens.refreshToken))
      tokens = (body as TokenAnswer | null) ?? tokens
      await sleep(pauseMs)
    }
  })
  return {
    take() {
      const answers = { good, failed }
      good = 0
      failed = []
      return answers
    },
    async stop() {
      isGoing = false
      await Promise.all(asking)
    }
  }
}

type Asked = { readonly status: number; readonly body: { readonly code?: string } | null }

async function signedIn(url: string, index: number) {
  const { call, register, login, refresh } = client(url)
  const email = `client-${index}@example.com`
  await register(email, PASSWORD)
  const { status, text, body: tokens } = await login(email, PASSWORD)
  if (status !== 200) throw new Error(`login: ${status} ${text}`)
  return { call, refresh, tokens }
}
