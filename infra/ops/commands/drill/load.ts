import { setTimeout as sleep } from 'node:timers/promises'
import type { Credentials, PublicApi } from './public-api.ts'

/** The results of the requests under load. */
export type Tally = {
  /** the number of responses by code; successes are `OK` */
  readonly answers: Readonly<Record<string, number>>
  readonly requests: number
  /** the number of failures */
  readonly failed: number
}

export type Load = {
  /** the ids of the keys that signed the newest access token of each client */
  kids(): readonly string[]
  tally(): Tally
  /** Waits for the requests in flight. */
  stop(): Promise<Tally>
}

/**
 * The number of requests after which a client refreshes: at most 60 times a minute, which is below
 * the limit of a session.
 */
export const USES_OF_A_TOKEN = 50
/** the pause between two requests of a client: a drill is not an attack */
const PAUSE_MS = 20

/**
 * Starts signed-in clients. Each calls one gateway after the other and refreshes from time to time,
 * until it is stopped.
 */
export async function startLoad(
  gateways: readonly [PublicApi, ...PublicApi[]],
  credentials: Credentials,
  clients: number
): Promise<Load> {
  const answers: Record<string, number> = {}
  const kids: string[] = []
  let going = true
  const note = (status: number, code: string): void => {
    const name = status === 200 ? 'OK' : code
    answers[name] = (answers[name] ?? 0) + 1
  }
  const gatewayAt = (turn: number) => gateways[turn % gateways.length] ?? gateways[0]

  const sessions = await Promise.all(
    Array.from({ length: clients }, (_, own) => gatewayAt(own).login(credentials))
  )
  const running = sessions.map(async (session, own) => {
    let tokens = session
    for (let turn = own; going; turn += 1) {
      kids[own] = kidOf(tokens.accessToken)
      const gateway = gatewayAt(turn)
      const isRefresh = turn % USES_OF_A_TOKEN === USES_OF_A_TOKEN - 1
      const response = isRefresh
        ? await gateway.refresh(tokens.refreshToken)
        : await gateway.me(tokens.accessToken)
      note(response.status, response.code)
      if (isRefresh && response.status === 200) tokens = response.body as typeof tokens
      await sleep(PAUSE_MS)
    }
  })
  const tally = (): Tally => {
    const requests = Object.values(answers).reduce((sum, count) => sum + count, 0)
    return { answers: { ...answers }, requests, failed: requests - (answers.OK ?? 0) }
  }
  return {
    kids: () => [...kids],
    tally,
    async stop() {
      going = false
      await Promise.all(running)
      return tally()
    }
  }
}

const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
