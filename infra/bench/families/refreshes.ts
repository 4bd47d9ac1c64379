import type { Redis } from 'ioredis'
import type { Run } from '../figures/run.ts'
import { type Post, poster } from '../poster.ts'
import { processorTime } from '../processor-time.ts'
import { settled } from '../settled.ts'
import type { RefreshProgram } from './peers/peer.ts'
import { redisFigures } from './redis-figures.ts'

export const CLIENTS = 32
const REFRESHES_PER_CLIENT = 150
/** what a new process needs until V8 has compiled what it uses */
const WARM_ROUNDS = 4

/** The clients of a program, each with a session of its own. */
type Clients = {
  readonly program: RefreshProgram
  readonly post: Post
  readonly tokens: string[]
}

/** The cost of refreshes at one program, one value per round. */
export type RefreshCosts = {
  /** processor time of the program per refresh, in microseconds */
  readonly program: number[]
  /** processor time of Redis per refresh, in microseconds */
  readonly redis: number[]
}

/**
 * Refreshes over HTTP, at one program after the other in each round, on one Redis.
 * @returns the costs by the id of the program
 */
export async function refreshesInTurns(
  programs: readonly RefreshProgram[],
  redis: Redis,
  run: Run
): Promise<ReadonlyMap<string, RefreshCosts>> {
  const each = run.scaled(REFRESHES_PER_CLIENT)
  const all: Clients[] = []
  for (const program of programs) all.push(await openClients(program))
  await settled(run)
  for (const clients of all) {
    run.tell(`${clients.program.id}: compiling …`)
    await refreshAll(clients, run.isShort ? each : WARM_ROUNDS * each)
  }
  const costs = new Map(programs.map(({ id }) => [id, { program: [], redis: [] } as RefreshCosts]))
  for (let round = 1; round <= run.rounds; round += 1) {
    run.tell(`${CLIENTS} clients refresh, round ${round} of ${run.rounds} …`)
    for (const clients of all) {
      const { program, redis: ofRedis } = await measuredRound(clients, redis, each)
      costs.get(clients.program.id)?.program.push(program)
      costs.get(clients.program.id)?.redis.push(ofRedis)
    }
  }
  return costs
}

/** The number of refreshes in a round. */
export const refreshesOf = (run: Run): number => CLIENTS * run.scaled(REFRESHES_PER_CLIENT)

async function openClients(program: RefreshProgram): Promise<Clients> {
  const post = poster(program.url, CLIENTS)
  const tokens: string[] = []
  for (let client = 0; client < CLIENTS; client += 1) tokens.push(await program.open(post))
  return { program, post, tokens }
}

/** All clients refresh this many times, one after the other each. */
async function refreshAll({ program, post, tokens }: Clients, times: number): Promise<void> {
  const client = async (index: number) => {
    for (let done = 0; done < times; done += 1) {
      tokens[index] = await program.refresh(post, tokens[index] ?? '')
    }
  }
  await Promise.all(tokens.map((_, index) => client(index)))
}

async function measuredRound(
  clients: Clients,
  redis: Redis,
  each: number
): Promise<{ readonly program: number; readonly redis: number }> {
  const { pid } = clients.program
  const before = { redis: await redisFigures(redis), program: processorTime(pid) }
  await refreshAll(clients, each)
  const program = processorTime(pid) - before.program
  const { cpuMicroseconds } = await redisFigures(redis)
  const refreshes = CLIENTS * each
  return {
    program: program / refreshes,
    redis: (cpuMicroseconds - before.redis.cpuMicroseconds) / refreshes
  }
}
