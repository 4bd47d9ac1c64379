import { median, type Row } from '../table.ts'
import {
  apache,
  bareProxy,
  type Contender,
  documentedStack,
  gateway,
  haproxy,
  hasApache,
  type Surroundings
} from './contenders.ts'
import { measure, tokenScript } from './load.ts'
import { isInstalled, pinning } from './programs.ts'

const ROUNDS = 5
const SECONDS = 3
const TOKENS = 1000

/** A request with a token that was seen before, at our gateway and at other programs, in turns. */
export async function peers(around: Surroundings, tell: (line: string) => void): Promise<Row[]> {
  const script = tokenScript(around.folder, 'seen', around.issuer.tokens(TOKENS))
  const contenders: Contender[] = [
    await gateway(around),
    await documentedStack(around),
    await bareProxy(around),
    ...(hasHaproxy ? [await haproxy(around)] : []),
    ...(hasApache ? [await apache(around)] : [])
  ]
  try {
    const used = await measureInTurns(contenders, script, tell)
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
  tell: (line: string) => void
): Promise<Used> {
  const used = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  // The first measurement only warms up.
  for (const one of contenders) await measure(one, script, SECONDS)
  for (let round = 1; round <= ROUNDS; round += 1) {
    tell(`tokens that were seen before, round ${round} of ${ROUNDS} …`)
    for (const one of contenders) {
      used.get(one.name)?.push((await measure(one, script, SECONDS)).microseconds)
    }
  }
  return used
}

const costs = (used: Used): Row[] =>
  [...used].map(([name, values]) => ({
    figure: `processor time of a request with a seen token, ${name}`,
    goal: '',
    how: `${TOKENS} ES256 tokens, 32 connections, ${ROUNDS} rounds in turns, ${pinning}`,
    value: `${median(values).toFixed(0)} µs`
  }))

/** Our processor time, divided by that of each other program. */
function comparisons(used: Used): Row[] {
  const own = used.get('gateway') ?? []
  const over = (name: string) => {
    const other = used.get(name) ?? []
    return median(own.map((value, round) => value / (other[round] ?? Number.NaN))).toFixed(2)
  }
  return [
    {
      figure: '÷ HAProxy’s jwt_verify, ES256',
      goal: '≤ 0.60',
      ...(hasHaproxy
        ? { value: over('HAProxy'), how: 'the same work, one thread' }
        : { value: '–', how: 'left out: haproxy is not installed' })
    },
    {
      figure: '÷ Apache’s mod_oauth2, ES256',
      goal: '≤ 0.30',
      ...(hasApache
        ? { value: over('Apache'), how: 'the same work, its cache of verified tokens on' }
        : { value: '–', how: 'left out: libapache2-mod-oauth2 is not installed' })
    },
    {
      figure: '÷ a bare proxy of node:http and undici',
      goal: '≤ 1.25',
      value: over('a bare proxy'),
      how: 'it forwards, and does nothing else'
    },
    {
      figure: '÷ fastify, @fastify/jwt, @fastify/http-proxy',
      goal: '≤ 0.25',
      value: over('the documented stack'),
      how: 'as their pages show them'
    }
  ]
}
