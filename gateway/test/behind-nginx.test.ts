import { setTimeout as sleep } from 'node:timers/promises'
import { missingProgram } from '@gatehouse/fixtures/missing-program'
import { nginxInFront } from '@gatehouse/fixtures/nginx'
import t from 'tap'
import { edge } from './fixtures/edge.ts'

const HOST = '127.0.0.1'
/** the shortest time that nginx knows, and the least time for which a gateway drains */
const FAIL_SECONDS = 1
const DRAIN_MS = 300
const PAUSE_MS = 20

/** Sends reads, and orders if `mayOrder` allows them, one after the other. */
function asking(url: string, mayOrder: () => boolean) {
  const answers: string[] = []
  let isGoing = true
  const all = (async () => {
    for (let turn = 0; isGoing; turn += 1) {
      const orders = turn % 2 === 1 && mayOrder()
      const init = orders ? { method: 'POST', body: 'order' } : {}
      answers.push(
        await fetch(`${url}/open/a`, init).then(
          ({ status }) => String(status),
          (error) => String(error.cause?.code ?? error)
        )
      )
      await sleep(PAUSE_MS)
    }
  })()
  return {
    async stop() {
      isGoing = false
      await all
      return answers
    }
  }
}

t.test(
  'a rolling restart of two gateways behind nginx loses no request, with the configuration of the nginx page',
  { skip: missingProgram('nginx', '-v') },
  async (t) => {
    const gateways = [await edge(t), await edge(t)] as const
    const [one, other] = gateways
    const front = {
      gateways: [one.url, other.url],
      failSeconds: FAIL_SECONDS,
      keptMs: DRAIN_MS / 2
    } as const
    const url = await nginxInFront(t, front)
    // The kernel may reset a connection that arrives while the listener closes. nginx must not
    // repeat a POST on it, as docs/proxies/nginx.md says.
    let isClosing = false
    const clients = Array.from({ length: 4 }, () => asking(url, () => !isClosing))
    for (const gateway of gateways) {
      await sleep(DRAIN_MS)
      gateway.drain()
      await sleep(DRAIN_MS)
      isClosing = true
      await sleep(DRAIN_MS)
      await gateway.close()
      isClosing = false
      await sleep(DRAIN_MS)
      await edge(t, { at: { host: HOST, port: gateway.port } })
      // Until nginx sends requests to this gateway again.
      await sleep(FAIL_SECONDS * 1000)
    }
    const answers = await Promise.all(clients.map(({ stop }) => stop()))
    t.strictSame([...new Set(answers.flat())], ['200'])
    t.ok(answers.flat().length > 50, `${answers.flat().length} requests`)
  }
)
