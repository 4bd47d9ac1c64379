import { type Figure, figure, ratios } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { isInstalled, pinning } from '../programs.ts'
import { settled } from '../settled.ts'
import {
  apache,
  bareProxy,
  type Contender,
  documentedStack,
  gateway,
  haproxy,
  hasApache,
  type Surroundings
} from './contenders/contenders.ts'
import { measure, tokenScript } from './contenders/load.ts'

const TOKENS = 1000

/**
 * A request with a token that was seen before, at our gateway and at other programs, alternately.
 */
export async function peers(around: Surroundings, run: Run): Promise<Figure[]> {
  const script = tokenScript(around.folder, 'seen', around.issuer.tokens(TOKENS))
  const contenders: Contender[] = [
    await gateway(around),
    await documentedStack(around),
    await bareProxy(around),
    ...(hasHaproxy ? [await haproxy(around)] : []),
    ...(hasApache ? [await apache(around)] : [])
  ]
  try {
    const used = await measureInTurns(contenders, script, run)
    return [...costs(used), ...comparisons(used)]
  } finally {
    for (const one of contenders) await one.stop()
  }
}

const hasHaproxy = isInstalled('haproxy')

/** The microseconds of processor time per request, by program and round. */
type Used = ReadonlyMap<string, readonly number[]>

async function measureInTurns(
  contenders: readonly Contender[],
  script: string,
  run: Run
): Promise<Used> {
  const { tell, rounds, seconds } = run
  const used = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  await settled(run)
  // The first measurement only warms up.
  for (const one of contenders) await measure(one, script, seconds)
  for (let round = 1; round <= rounds; round += 1) {
    tell(`tokens that were seen before, round ${round} of ${rounds} …`)
    for (const one of contenders) {
      used.get(one.name)?.push((await measure(one, script, seconds)).microseconds)
    }
  }
  return used
}

type Peer = {
  /** of the contender */
  readonly name: string
  readonly title: string
  readonly atMost: number
  readonly how: string
  /** what to install, if it was not measured */
  readonly package: string
}

/** By the last part of the id of their figures. */
const others: Readonly<Record<string, Peer>> = {
  haproxy: {
    name: 'HAProxy',
    title: '÷ HAProxy’s jwt_verify, ES256',
    atMost: 0.6,
    how: 'the same work, one thread',
    package: 'haproxy'
  },
  apache: {
    name: 'Apache',
    title: '÷ Apache’s mod_oauth2, ES256',
    atMost: 0.3,
    how: 'the same work, its cache of verified tokens on',
    package: 'libapache2-mod-oauth2'
  },
  'bare-proxy': {
    name: 'a bare proxy',
    title: '÷ a bare proxy of node:http and undici',
    atMost: 1.25,
    how: 'it forwards, and does nothing else',
    package: 'undici'
  },
  'documented-stack': {
    name: 'the documented stack',
    title: '÷ fastify, @fastify/jwt, @fastify/http-proxy',
    atMost: 0.25,
    how: 'as their pages show them',
    package: 'fastify'
  }
}

const cost = (id: string, name: string, rounds: readonly number[]): Figure =>
  figure({
    id: `edge/seen-token/${id}`,
    title: `processor time of a request with a seen token, ${name}`,
    unit: 'µs',
    rounds,
    // Only ours can become better by our work.
    better: id === 'gateway' ? 'lower' : null,
    how: `${TOKENS} ES256 tokens, 32 connections, alternately, ${pinning}`
  })

const costs = (used: Used): Figure[] => [
  cost('gateway', 'gateway', used.get('gateway') ?? []),
  ...Object.entries(others).flatMap(([id, { name }]) => {
    const rounds = used.get(name)
    return rounds === undefined ? [] : [cost(id, name, rounds)]
  })
]

/** Our processor time, divided by that of each other program. */
function comparisons(used: Used): Figure[] {
  const own = used.get('gateway') ?? []
  return Object.entries(others).map(([id, { name, title, atMost, how, package: missing }]) => {
    const other = used.get(name)
    return figure({
      id: `edge/seen-token/${id}/ratio`,
      title,
      unit: 'ratio',
      rounds: other === undefined ? [] : ratios(own, other),
      goal: { atMost },
      how: other === undefined ? `left out: ${missing} is not installed` : how
    })
  })
}
