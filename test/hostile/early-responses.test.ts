import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { inputs, seedOfThisRun } from '@gatehouse/fixtures/generated'
import { generator } from '@gatehouse/fixtures/generator'
import { redisServer } from '@gatehouse/fixtures/redis-server'
import { serviceProcess } from '@gatehouse/fixtures/service-process'
import t from 'tap'
import { gatewayFiles } from './fixtures/gateway/gateway-files.ts'
import { earlyService } from './fixtures/service/early-service.ts'

const REQUESTS = inputs(4000)
const CLIENTS = 24
const CONNECTIONS = 4
const PART = Buffer.alloc(80_000)
/** A process that hangs allocates memory meanwhile. One that is only slow responds much earlier. */
const HANGS_MS = 15_000
const LOOK_MS = 200

const seed = seedOfThisRun()
const { below } = generator(seed)
const random = () => below(1000) / 1000
const service = await earlyService(t, random)
const redis = await redisServer(t)
const { tls, settings, secured } = await gatewayFiles(
  t,
  `
upstreams: { early: { addresses: ['${service.url}'], protocol: h2c } }
routes: [{ name: early, prefix: /early, upstream: early, access: public }]
`
)
const gateway = await serviceProcess('gateway', {
  ...settings,
  ...secured,
  REDIS_URL: redis.url,
  GATEWAY_JWKS_URL: 'http://127.0.0.1:2/jwks'
})
t.teardown(gateway.stop)

const sessions: ClientHttp2Session[] = []
t.teardown(() => {
  for (const session of sessions) session.destroy()
})
function session(): ClientHttp2Session {
  const index = Math.floor(random() * CONNECTIONS)
  const known = sessions[index]
  if (known !== undefined && !known.closed && !known.destroyed) return known
  const made = connect(gateway.url, { ca: tls.cert, rejectUnauthorized: false })
  made.on('error', () => {})
  sessions[index] = made
  return made
}

/** Uploads in two parts, and may disconnect in between. */
async function upload(): Promise<void> {
  const stream = session().request({ ':method': 'POST', ':path': '/early' })
  stream.on('error', () => {}).resume()
  stream.write(PART)
  const rest = setTimeout(() => stream.end(PART), random() * 50)
  const leave = () => stream.close(constants.NGHTTP2_CANCEL)
  const leaving = random() < 0.15 ? setTimeout(leave, random() * 40) : null
  await once(stream, 'close').catch(() => {})
  clearTimeout(rest)
  if (leaving !== null) clearTimeout(leaving)
}

/** Whether the process responds. If it does not, it is ended. */
async function isAlive(): Promise<boolean> {
  const signal = AbortSignal.timeout(HANGS_MS)
  const answer = await fetch(new URL('/healthz', gateway.opsUrl), { signal }).catch(() => null)
  if (answer === null) await gateway.kill()
  return answer?.status === 200
}

t.test('a service that answers before the body does not make the gateway hang', async (t) => {
  let [begun, lives] = [0, true]
  const client = async () => {
    for (; lives && begun < REQUESTS; begun += 1) await upload()
  }
  const uploads = Promise.all(Array.from({ length: CLIENTS }, client))
  let isOver = false
  void uploads.finally(() => {
    isOver = true
  })
  while (lives && !isOver) {
    await Promise.race([uploads, new Promise((resolve) => setTimeout(resolve, LOOK_MS))])
    lives = await isAlive()
  }
  await uploads
  t.ok(lives, `after ${begun} uploads, seed ${seed}`)
})
