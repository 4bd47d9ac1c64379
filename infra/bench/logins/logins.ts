import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { serviceProcess } from '@gatehouse/fixtures/service-process'
import { type Figure, figure } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { quantile } from '../figures/statistics.ts'
import { type Post, poster, succeeded } from '../poster.ts'
import type { Flood } from './login-flood.ts'

const REFRESHES = 300
const FLOOD_CLIENTS = 200
const ACCOUNTS = 40
/** the number of wrong guesses that cause no wait */
const GUESSES_AN_ACCOUNT = 5

const password = 'correct horse battery'

/**
 * Logins: how a flood of logins affects signed-in users, and whether response times show who has an
 * account.
 */
export async function logins(run: Run): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const auth = await serviceProcess('auth', {
    GATEHOUSE_DATA_DIR: folder,
    AUTH_PORT: '0',
    AUTH_OPS_PORT: '0',
    AUTH_REFRESH_LIMIT_PER_MINUTE: '1000000',
    AUTH_CREDENTIALS_PER_MINUTE: '1000000',
    // The product's own cost, because tests that are not about hashes use a lower one.
    AUTH_PASSWORD_MEMORY_KIB: '19456',
    AUTH_PASSWORD_PASSES: '2'
  })
  try {
    return [...(await underFlood(auth.url, run)), ...(await byTheClock(auth.url, run))]
  } finally {
    await auth.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function underFlood(url: string, run: Run): Promise<Figure[]> {
  const refreshes = run.scaled(REFRESHES)
  run.tell(`refreshing at rest, and while ${FLOOD_CLIENTS} clients do nothing but log in …`)
  const post = poster(url, 1)
  const account = { email: 'ada@example.com', password }
  succeeded(await post('/register', account))
  let { refreshToken } = succeeded(await post('/login', account))
  const refreshing = async (): Promise<number> => {
    const times: number[] = []
    for (let each = 0; each < refreshes; each++) {
      const start = performance.now()
      refreshToken = succeeded(await post('/refresh-token', { refreshToken })).refreshToken
      times.push(performance.now() - start)
    }
    return quantile(times, 0.99)
  }
  await refreshing()
  const rounds: { rest: number; flood: number; statuses: Map<number, number> }[] = []
  for (let round = 0; round < run.rounds; round++) {
    const rest = await refreshing()
    const flood = startFlood(url, round)
    const underFlood = await refreshing()
    rounds.push({ rest, flood: underFlood, statuses: await flood.stop() })
  }
  return [
    figure({
      id: 'logins/flood/ratio',
      title: 'refresh p99 under a flood of logins ÷ at rest',
      unit: 'ratio',
      rounds: rounds.map(({ rest, flood }) => flood / rest),
      goal: { atMost: 1.5 },
      how: `${refreshes} refreshes per round, one after the other`
    }),
    figure({
      id: 'logins/flood/refused',
      title: '  of the flood, 503 at once',
      unit: '%',
      rounds: rounds.map(({ statuses }) => refusedPercent(statuses)),
      better: null,
      how: `${FLOOD_CLIENTS} clients, each at its next as soon as it is answered`
    })
  ]
}

function refusedPercent(statuses: ReadonlyMap<number, number>): number {
  const count = (status: number) => statuses.get(status) ?? 0
  return (100 * count(503)) / (count(503) + count(401))
}

/** In a separate thread, so that it does not take time from the thread that measures. */
function startFlood(url: string, round: number) {
  const worker = new Worker(new URL('login-flood.ts', import.meta.url), {
    workerData: { url, round, clients: FLOOD_CLIENTS } satisfies Flood
  })
  return {
    async stop(): Promise<Map<number, number>> {
      worker.postMessage('stop')
      const [statuses] = await once(worker, 'message')
      return statuses
    }
  }
}

async function byTheClock(url: string, run: Run): Promise<Figure[]> {
  const accounts = run.scaled(ACCOUNTS)
  run.tell('guessing passwords of existing and unknown accounts …')
  const post = poster(url, 1)
  for (let each = 0; each < accounts; each++) {
    succeeded(await post('/register', { email: `known-${each}@example.com`, password }))
  }
  const known: number[] = []
  const unknown: number[] = []
  for (let guess = 0; guess < GUESSES_AN_ACCOUNT; guess++) {
    for (let each = 0; each < accounts; each++) {
      const ofKnown = async () => known.push(await timed(post, `known-${each}@example.com`))
      const ofUnknown = async () => unknown.push(await timed(post, `none-${each}@example.com`))
      // A request also takes longer because of the one before it.
      const isKnownFirst = each % 2 === 0
      await (isKnownFirst ? ofKnown() : ofUnknown())
      await (isKnownFirst ? ofUnknown() : ofKnown())
    }
  }
  const pairs = known.flatMap((time) => unknown.map((other): number => (other > time ? 1 : 0)))
  const share = pairs.reduce((sum, one) => sum + one, 0) / pairs.length
  return [
    figure({
      id: 'logins/unknown-later',
      title: 'an unknown e-mail is answered later than a known one',
      unit: '%',
      rounds: [100 * share],
      better: null,
      goal: { atLeast: 35, atMost: 65 },
      how: `of all pairs of ${known.length} and ${unknown.length} wrong logins; at 50 %, the times are indistinguishable`
    })
  ]
}

async function timed(post: Post, email: string): Promise<number> {
  const start = performance.now()
  const { status } = await post('/login', { email, password: 'not this one' })
  if (status !== 401) throw new Error(`a wrong login was answered with ${status}`)
  return performance.now() - start
}
