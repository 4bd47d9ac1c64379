import { inputs, seedOfThisRun } from '@gatehouse/fixtures/generated'
import t, { type Test } from 'tap'
import { attack, culprits, type Damage, type Numbered, toldAll } from './fixtures/attack.ts'
import {
  type GatewayUnderAttack,
  gatewayUnderAttack
} from './fixtures/gateway/gateway-under-attack.ts'
import type { Listening } from './fixtures/scenarios/scenario.ts'
import { scenarioOf } from './fixtures/scenarios/scenario-of.ts'

/** How many clients there are at a time. */
const CLIENTS = Number(process.env.HUNT_CLIENTS ?? 50)
const SCENARIOS = inputs(800)
/** Proxies change little after the beginning of a connection. */
const PROXIED_SCENARIOS = inputs(200)
/** Memory that may stay in use after the first batches: bounded caches and pools. */
const MOST_GROWTH_BYTES = 12 * 1024 * 1024
/** The memory is compared only in a long run: in a short one, the caches are still filling. */
const BATCHES_FOR_GROWTH = 8
/**
 * How long one client may occupy the event loop, in the gateway's own processor time, so that other
 * programs do not affect it. Many clients together may occupy it for longer.
 */
const LONGEST_TURN_MS = 50

/** The scenarios of a run: the requested ones, or those of this seed. */
function numbersOf(seed: number, { proxyProtocol }: Listening): number[] {
  const { HUNT_SCENARIO } = process.env
  if (HUNT_SCENARIO !== undefined) return HUNT_SCENARIO.split(',').map(Number)
  const length = proxyProtocol === 'off' ? SCENARIOS : PROXIED_SCENARIOS
  const first = Math.imul(seed, 0x9e3779b1)
  return Array.from({ length }, (_, index) => (first + index) >>> 0)
}

async function hunt(t: Test, listening: Listening): Promise<void> {
  const attacked = await gatewayUnderAttack(t, listening)
  const { gateway, services, tokens } = attacked
  const seed = seedOfThisRun()
  const numbers = numbersOf(seed, listening)
  let [played, at, longestMs] = [0, 0, 0]
  const bytes: number[] = []
  while (at < numbers.length && gateway.ended() === null) {
    const some = numbers
      .slice(at, at + CLIENTS)
      .map((number) => ({ number, scenario: scenarioOf(number, listening, tokens) }))
    at += some.length
    const damage = await attack(attacked, some)
    // Code is slow when it runs for the first time.
    if (at > CLIENTS) longestMs = Math.max(longestMs, damage.turnMs)
    await tell(t, attacked, some, damage)
    if (gateway.ended() === null) bytes.push((await gateway.figures()).bytes)
    played += some.reduce((sum, { scenario }) => sum + scenario.inputs, 0)
  }
  if (bytes.length >= BATCHES_FOR_GROWTH) {
    const warm = Math.max(...bytes.slice(0, 1 + bytes.length / 4))
    const growth = Math.min(...bytes.slice(-3)) - warm
    t.ok(growth < MOST_GROWTH_BYTES, `memory grew by ${Math.round(growth / 1024)} KiB`)
  }
  const asked = services.reduce((sum, service) => sum + service.requests(), 0)
  t.comment(
    `seed ${seed}: ${at} scenarios of ${played} inputs, ${asked} requests reached a service`
  )
  t.comment(`the longest turn, of ${CLIENTS} clients together: ${longestMs} ms`)
}

/** Fails the test if clients did damage, and names them. */
async function tell(
  t: Test,
  attacked: GatewayUnderAttack,
  some: readonly Numbered[],
  { flaws, harm, turnMs }: Damage
): Promise<void> {
  for (const flaw of flaws) fail(t, flaw)
  if (harm.length > 0) {
    const those = await culprits(attacked, some, (again) => again.harm.length > 0)
    fail(t, `${harm.join('; ')}\n${toldAll(those)}`)
  } else if (turnMs > LONGEST_TURN_MS) {
    const those = await culprits(attacked, some, (again) => again.turnMs > LONGEST_TURN_MS)
    if (those.length === 1) fail(t, `a turn of ${turnMs} ms\n${toldAll(those)}`)
  }
}

/** The first line is the title. The others say how to repeat it. */
function fail(t: Test, text: string): void {
  const [title = '', ...lines] = text.split('\n')
  t.fail(title, { lines })
}

t.test('the gateway withstands hostile clients and services over HTTP/1.1 and WebSockets', (t) =>
  hunt(t, { secure: false, proxyProtocol: 'off' })
)

t.test('the gateway withstands hostile clients and services over HTTP/2 and TLS', (t) =>
  hunt(t, { secure: true, proxyProtocol: 'off' })
)

t.test('behind proxies that must send PROXY headers, the gateway withstands the same', (t) =>
  hunt(t, { secure: false, proxyProtocol: 'required' })
)

t.test(
  'behind proxies that may send PROXY headers before TLS, the gateway withstands the same',
  (t) => hunt(t, { secure: true, proxyProtocol: 'optional' })
)
