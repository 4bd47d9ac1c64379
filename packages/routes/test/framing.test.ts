import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import {
  type Finding,
  isFault,
  type Part,
  testConformance
} from '../src/conformance/conformance.ts'
import { probesOf } from '../src/conformance/probes.ts'
import { spelledNames } from '../src/conformance/spellings.ts'
import { echoService } from '../src/echo/echo-service.ts'
import type { Framing, Message } from '../src/echo/read-message.ts'
import { downgradingProxy } from './fixtures/downgrading-proxy.ts'
import { framingProxy } from './fixtures/framing-proxy.ts'
import { listening } from './fixtures/listening.ts'

/** The pairs of a proxy and a service that disagree, and one that agrees. */
const PAIRS: readonly (readonly [proxy: Framing, service: Framing])[] = [
  ['content-length', 'transfer-encoding'],
  ['transfer-encoding', 'content-length'],
  ['transfer-encoding', 'transfer-encoding']
]

async function planted(t: Test, proxy: Framing, service: Framing) {
  const messages: Message[] = []
  const echo = await listening(
    t,
    echoService(service, (message) => messages.push(message))
  )
  return { port: await listening(t, framingProxy(echo, proxy)), messages }
}

async function findingsOf(port: number) {
  const { findings } = await testConformance({
    gateway: new URL(`http://127.0.0.1:${port}`),
    echoRoute: '/echo',
    token: null,
    ca: null
  })
  return findings
}

const of = (findings: readonly Finding[], part: Part) => findings.filter((one) => one.part === part)

/**
 * Whether this is a request, and not the first line of an HTTP/2 connection that a proxy took for
 * one.
 */
const isRequest = ({ method }: Message) => method !== 'PRI'
const markerOf = ({ lines }: Message) => lines.find((line) => line.startsWith('x-conformance: '))

t.test('every ambiguous request is found, and none becomes two requests', async (t) => {
  const runs = PAIRS.map(async ([proxy, service]) => {
    const { port, messages } = await planted(t, proxy, service)
    const outcomes = of(await findingsOf(port), 'HTTP/1.1 framing')
    const name = `proxy by ${proxy}, service by ${service}`
    t.equal(outcomes.length, probesOf['HTTP/1.1 framing']('/echo').length, name)
    const missed = outcomes.filter(({ outcome }) => outcome === 'harmless' || outcome === 'refused')
    t.strictSame(missed, [], `${name}: all are found`)
    const stalled = outcomes.find(({ title }) => title === 'a chunk size beyond 64 bits')
    t.equal(stalled?.outcome, 'stalled', `${name}: a proxy waits`)
    const markers = messages.filter(isRequest).map(markerOf)
    t.notOk(markers.includes(undefined), `${name}: no part of a probe becomes a request`)
    t.equal(new Set(markers).size, markers.length, `${name}: each probe is one request`)
  })
  await Promise.all(runs)
})

t.test('the proxy of this test lets a client hide a request', async (t) => {
  const { port } = await planted(t, 'content-length', 'transfer-encoding')
  const send = (request: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    socket.write(request)
    return text(socket)
  }
  const hidden = 'GET /echo/hidden HTTP/1.1\r\nhost: a\r\n\r\n'
  const body = `0\r\n\r\n${hidden}`
  await send(
    `PUT /echo/x HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\ntransfer-encoding: chunked\r\n\r\n${body}`
  )
  t.match(await send('GET /echo/victim HTTP/1.1\r\nhost: a\r\n\r\n'), '"target":"/echo/hidden"')
})

t.test('headers, lengths and encodings that a proxy copies out of HTTP/2 are found', async (t) => {
  const messages: Message[] = []
  const echo = echoService('transfer-encoding', (message) => messages.push(message))
  const port = await listening(t, downgradingProxy(await listening(t, echo)))
  const findings = await findingsOf(port)
  const outcomes = of(findings, 'HTTP/2 framing')
  t.equal(outcomes.length, probesOf['HTTP/2 framing']('/echo').length)
  t.strictSame(
    outcomes.filter(({ outcome }) => outcome !== 'leaked'),
    []
  )
  const leaks = of(findings, 'HTTP/2').filter(isFault)
  const leaked = new Set(leaks.map(({ title }) => title))
  const names = [...spelledNames.filter((name) => name === name.toLowerCase())]
  t.strictSame(
    [...names, 'CR LF in a value', 'CR LF in a name', 'CR LF in :path'].filter(
      (title) => !leaked.has(title)
    ),
    []
  )
  const markers = messages.filter(isRequest).map(markerOf)
  t.notOk(markers.includes(undefined), 'the service never takes a part of a probe for a request')
  t.equal(new Set(markers).size, markers.length, 'each probe is one request')
})
