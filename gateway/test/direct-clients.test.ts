import { execFile } from 'node:child_process'
import dns from 'node:dns'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { eventually } from '@gatehouse/fixtures/client'
import t, { type Test } from 'tap'
import { type Edge, edge } from './fixtures/edge.ts'

const NAME = 'gateways.test'
const HOSTS = ['127.0.0.1', '127.0.0.2'] as const
const PATIENCE_MS = 20_000

type Found = (error: Error | null, all: readonly { address: string; family: number }[]) => void
type Lookup = (name: string, options: object, found: Found) => void

/** Makes both gateways resolve from one name in this process, like a name with two records. */
function nameBoth(t: Test): void {
  const lookup = dns.lookup as unknown as Lookup
  const addresses = HOSTS.map((address) => ({ address, family: 4 }))
  const named: Lookup = (name, options, found) => {
    if (name === NAME) found(null, addresses)
    else lookup(name, options, found)
  }
  Object.assign(dns, { lookup: named })
  t.teardown(() => Object.assign(dns, { lookup }))
}

/**
 * Sends one request after the other. A broken connection is not a response, so a GET is repeated.
 */
function asking(t: Test, url: string) {
  const answers: string[] = []
  let isGoing = true
  const once = async () => String((await fetch(`${url}/open/a`)).status)
  const all = (async () => {
    while (isGoing) {
      answers.push(
        await once()
          .catch(once)
          .catch((error) => String(error.cause?.code ?? error))
      )
      // The gateways start in this process too, and need their turns of the event loop.
      await sleep(20)
    }
  })()
  const stop = async () => {
    isGoing = false
    await all
    return answers
  }
  t.teardown(stop)
  const more = (count: number) => {
    const now = answers.length
    return eventually(
      async () => answers.length - now,
      (made) => made >= count,
      PATIENCE_MS
    )
  }
  return { stop, more }
}

const curl = async (...options: string[]): Promise<string> => {
  const given = ['--silent', '--show-error', '--output', '/dev/null', '--write-out', '%{http_code}']
  return (await promisify(execFile)('curl', [...given, ...options])).stdout
}

t.test('clients of two gateways under one name lose no request of a rolling restart', async (t) => {
  nameBoth(t)
  const first = await edge(t)
  const { port } = first
  const second = await edge(t, { at: { host: HOSTS[1], port } })
  const url = `http://${NAME}:${port}`
  const clients = [asking(t, url), asking(t, url)]
  const served = () => Promise.all(clients.map(({ more }) => more(3)))
  const restart = async (gateway: Edge, host: string): Promise<void> => {
    gateway.drain()
    await served()
    await gateway.close()
    await served()
    const resolved = `${NAME}:${port}:${HOSTS.join(',')}`
    t.equal(await curl('--resolve', resolved, `${url}/open/a`), '200', 'curl tries both')
    await edge(t, { at: { host, port } })
    await served()
  }
  await served()
  await restart(first, HOSTS[0])
  await restart(second, HOSTS[1])
  const answers = (await Promise.all(clients.map(({ stop }) => stop()))).flat()
  t.strictSame([...new Set(answers)], ['200'])
})

t.test('curl --retry-connrefused waits for the only gateway that restarts', async (t) => {
  const gateway = await edge(t)
  const { port, url } = gateway
  await gateway.close()
  const answer = curl('--retry', '20', '--retry-delay', '1', '--retry-connrefused', `${url}/open/a`)
  await edge(t, { at: { host: HOSTS[0], port } })
  t.equal(await answer, '200')
})
