import type { Redis } from 'ioredis'
import { type Figure, figure, type Goal, ratios } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { pinning } from '../programs.ts'
import { hasBetterAuth, startBetterAuth } from './peers/better-auth.ts'
import type { RefreshProgram } from './peers/peer.ts'
import { startOidcProvider, startOurs, startTutorial } from './refresh-programs.ts'
import { CLIENTS, type RefreshCosts, refreshesInTurns, refreshesOf } from './refreshes.ts'
import { type RoundTrips, roundTrips } from './round-trips.ts'

type Surroundings = { readonly url: string; readonly redis: Redis; readonly folder: string }

/** The cost of a refresh over HTTP, compared with other programs on the same Redis. */
export async function refreshCost(
  { url, redis, folder }: Surroundings,
  run: Run
): Promise<Figure[]> {
  const programs: RefreshProgram[] = []
  try {
    const own = await startOurs(folder, url, CLIENTS + 1)
    programs.push(own)
    programs.push(await startTutorial(url))
    programs.push(await startOidcProvider(url))
    if (hasBetterAuth) programs.push(await startBetterAuth(url))
    const costs = await refreshesInTurns(programs, redis, run)
    return [
      ...ownFigures(costs.get(own.id) ?? NONE, run),
      ...tripFigures(await roundTrips(own, url)),
      ...peerFigures(costs)
    ]
  } finally {
    for (const program of programs) await program.stop()
  }
}

const NONE: RefreshCosts = { program: [], redis: [] }

function ownFigures({ program, redis }: RefreshCosts, run: Run): Figure[] {
  return [
    figure({
      id: 'families/refresh/auth',
      title: 'processor time of a refresh, auth service',
      unit: 'µs',
      rounds: program,
      how: `${refreshesOf(run)} refreshes per round, ${CLIENTS} clients, SQLite, ${pinning}`
    }),
    figure({
      id: 'families/refresh/redis',
      title: '  the same, Redis',
      unit: 'µs',
      rounds: redis,
      how: 'as Redis counts it'
    }),
    figure({
      id: 'families/refresh/per-core',
      title: 'refreshes per second and core of the auth service',
      unit: 'per second',
      rounds: program.map((microseconds) => 1e6 / microseconds),
      better: 'higher',
      how: 'the same rounds'
    })
  ]
}

const tripFigures = ({ redis, database }: RoundTrips): Figure[] => [
  figure({
    id: 'families/refresh/redis-commands',
    title: 'commands to Redis per refresh',
    unit: 'count',
    rounds: [redis],
    goal: { atMost: 1 },
    how: 'MONITOR, without what scripts call'
  }),
  figure({
    id: 'families/refresh/statements',
    title: 'statements to the database per refresh',
    unit: 'count',
    rounds: [database],
    // docs/decisions/0126
    goal: { atMost: 0 },
    how: 'metrics of the auth service'
  })
]

type Peer = { readonly title: string; readonly goal: Goal; readonly how: string }

/** By the id of the program. */
const peers: Readonly<Record<string, Peer>> = {
  tutorial: {
    title: 'a refresh ÷ a minimal endpoint, as in tutorials',
    goal: { atMost: 1.4 },
    how: '@fastify/jwt and GET, DEL, SET: no families, no accounts, no audit log'
  },
  'oidc-provider': {
    title: 'oidc-provider ÷ a refresh',
    goal: { atLeast: 2.5 },
    how: 'its token endpoint, with its models in Redis and JWT access tokens'
  },
  'better-auth': {
    title: 'better-auth ÷ a refresh',
    goal: { atLeast: 18 },
    how: hasBetterAuth
      ? 'its JWT plugin, with its sessions in Redis; the token of a session stays the same'
      : 'left out: npm ci --prefix infra/bench/peers installs it'
  }
}

function peerFigures(costs: ReadonlyMap<string, RefreshCosts>): Figure[] {
  const own = costs.get('auth')?.program ?? []
  return Object.entries(peers).flatMap(([id, { title, goal, how }]) => {
    const { program: rounds } = costs.get(id) ?? NONE
    const isOverOwn = goal.atLeast !== undefined
    const ratio = figure({
      id: `families/refresh/${id}/ratio`,
      title,
      unit: 'ratio',
      rounds: isOverOwn ? ratios(rounds, own) : ratios(own.slice(0, rounds.length), rounds),
      better: isOverOwn ? 'higher' : 'lower',
      goal,
      how
    })
    const cost = figure({
      id: `families/refresh/${id}`,
      title: `processor time of a refresh, ${id}`,
      unit: 'µs',
      rounds,
      better: null,
      how: 'the same clients, alternately'
    })
    return rounds.length === 0 ? [ratio] : [cost, ratio]
  })
}
