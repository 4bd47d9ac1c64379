import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, type Typed, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'
import type { Key } from '../keys/key-responses.ts'
import { drillOptions, drillUsage, extent, onDrillGround } from './drill-ground.ts'
import { type Load, startLoad, type Tally, USES_OF_A_TOKEN } from './load.ts'
import { failed } from './propagation.ts'

const DEFAULT_CLIENTS = 8
/** the default maximum number of sessions per user */
const MOST_CLIENTS = 20
const LEAST_REQUESTS_BEFORE = 100
/**
 * Enough requests for several refreshes of each client, one of which returns a token of the new
 * key. The limit is a number of requests, not a time.
 */
const MOST_REQUESTS_AFTER = 5 * USES_OF_A_TOKEN
const LOOK_MS = 50

export const drillRotation: Command = {
  name: 'drill rotation',
  usage: `${drillUsage} [--algorithm ALGORITHM] [--clients NUMBER]`,
  summary:
    'Rotates the signing key, permanently, while clients of a separate account send requests. ' +
    'Fails if a request fails.',
  options: { ...drillOptions, algorithm: { type: 'string' }, clients: { type: 'string' } },
  words: [0, 0],
  confirm: () => 'Rotate the signing key now?',
  async run(typed, { ops, environment }) {
    const clients = clientsOf(typed)
    const algorithm = textOption(typed, 'algorithm')
    return onDrillGround({ name: 'rotation', typed, ops, environment }, async (ground) => {
      const { gateways, credentials, live } = ground
      const load = await startLoad(gateways, credentials, clients)
      let kid = ''
      try {
        await until(
          () => load.tally().requests >= LEAST_REQUESTS_BEFORE,
          load,
          LEAST_REQUESTS_BEFORE
        )
        const body = algorithm === undefined ? {} : { algorithm }
        const { keys } = await ops.call<{ keys: Key[] }>('POST', '/ops/keys/rotate', body)
        kid = keys.find(({ state }) => state === 'active')?.kid ?? ''
        const most = clients * MOST_REQUESTS_AFTER
        await until(() => load.kids().every((one) => one === kid), load, most)
      } finally {
        await load.stop()
      }
      const tally = load.tally()
      refuseFailures(tally)
      return {
        json: { kid, gateways: { asked: gateways.length, live }, clients, ...tally },
        text: `${kid} is active. None of ${tally.requests} requests of ${clients} clients failed (${extent(ground)}).`,
        figures: { clients, requests: tally.requests }
      }
    })
  }
}

/**
 * @throws Refused if a request fails, or if the condition does not hold after this many more
 * requests; each ends in bounded time
 */
async function until(holds: () => boolean, load: Load, mostRequests: number): Promise<void> {
  const before = load.tally().requests
  while (!holds()) {
    const tally = load.tally()
    refuseFailures(tally)
    if (tally.requests - before > mostRequests) {
      throw failed(`Not every client has a token of the new key: ${listed(tally)}.`)
    }
    await sleep(LOOK_MS)
  }
}

function refuseFailures(tally: Tally): void {
  if (tally.failed > 0) throw failed(`${tally.failed} requests failed: ${listed(tally)}.`)
}

const listed = ({ answers }: Tally) =>
  Object.entries(answers)
    .map(([code, count]) => `${count} × ${code}`)
    .join(', ')

function clientsOf(typed: Typed): number {
  const clients = Number(textOption(typed, 'clients') ?? DEFAULT_CLIENTS)
  if (Number.isInteger(clients) && clients > 0 && clients <= MOST_CLIENTS) return clients
  throw new BadUsage(`--clients must be a number from 1 to ${MOST_CLIENTS}.`)
}
