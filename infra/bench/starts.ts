import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bundleService } from '@gatehouse/bundle/bundle-service'
import { serviceProgram } from '@gatehouse/fixtures/program'
import { startRedis } from '@gatehouse/fixtures/redis-server'
import { freePort } from '@gatehouse/start/free-port'
import { gateway } from './edge/contenders.ts'
import { answers, type Program, pinning, start } from './edge/programs.ts'
import { type Issuer, issuer } from './edge/tokens.ts'
import { residentMemory } from './memory.ts'
import { processorTime } from './processor-time.ts'
import { median, type Row } from './table.ts'

const ROUNDS = 5
/** until V8 has released the memory that only the start needed (docs/decisions/0086) */
const IDLE_SECONDS = 20

/** A process that was started, and is ended again. */
type Start = {
  readonly seconds: number
  readonly processorSeconds: number
  /** MiB, resident, after the process has been idle */
  readonly memory: number
}

type Entry = { readonly file: string; readonly settings: Readonly<Record<string, string>> }

/** The processes that are measured. */
type Programs = { readonly gateway: Entry; readonly auth: Entry }

const sources: Programs = {
  gateway: { file: serviceProgram('gateway'), settings: {} },
  auth: { file: serviceProgram('auth'), settings: {} }
}

/** The same programs as in their images (`infra/docker/Dockerfile`). */
export async function imagePrograms(): Promise<Programs> {
  // Below `node_modules`, where the modules that are not bundled resolve.
  const cache = new URL('../../node_modules/.cache/gatehouse/images/', import.meta.url)
  const bundled = async (path: string): Promise<Entry> => {
    const { file, compiled } = await bundleService(path, join(fileURLToPath(cache), path))
    return { file, settings: { NODE_COMPILE_CACHE: compiled, MALLOC_ARENA_MAX: '2' } }
  }
  return { gateway: await bundled('gateway'), auth: await bundled('services/auth') }
}

/** Starts a process; resolves when it is ready. */
type Starter = () => Promise<Program>

/** How long the processes take until they are ready, and how much memory they need then. */
export async function starts(tell: (line: string) => void): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const redis = await startRedis(folder, { durable: false })
  const issuing = await issuer()
  try {
    const rows: Row[] = []
    const kinds = { 'from its sources': sources, 'as in its image': await imagePrograms() }
    for (const [kind, programs] of Object.entries(kinds)) {
      const own = join(folder, kind)
      mkdirSync(own)
      for (const [name, starter] of Object.entries(starters(own, redis.url, issuing, programs))) {
        const measured: Start[] = []
        for (let round = 1; round <= ROUNDS; round += 1) {
          tell(`starting the ${name} ${kind}, round ${round} of ${ROUNDS} …`)
          measured.push(await measuredStart(starter, IDLE_SECONDS))
        }
        rows.push(...rowsOf(`${name} ${kind}`, measured))
      }
    }
    return [...rows, await systemRow(join(folder, 'system'), tell)]
  } finally {
    issuing.close()
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** No request is sent to it. */
const UPSTREAM = 'http://127.0.0.1:9'

/** What starts each kind of process on this Redis, with its files in the folder. */
export const starters = (
  folder: string,
  redisUrl: string,
  issuing: Issuer,
  programs: Programs
): Readonly<Record<'gateway' | 'auth service', Starter>> => ({
  gateway: () =>
    gateway(
      { folder, redisUrl, upstreamUrl: UPSTREAM, issuer: issuing },
      // The same for each start, as in production: it has the compiled code of the start before.
      { ...programs.gateway.settings, GATEHOUSE_DATA_DIR: join(folder, 'gateway') },
      programs.gateway.file
    ),
  'auth service': () => auth(folder, redisUrl, programs.auth)
})

/** Starts a process, lets it be idle, and ends it. */
export async function measuredStart(starter: Starter, idleSeconds: number): Promise<Start> {
  const before = performance.now()
  const started = await starter()
  const seconds = (performance.now() - before) / 1000
  const processorSeconds = processorTime(started.pid) / 1e6
  await sleep(idleSeconds * 1000)
  const memory = residentMemory(started.pid)
  await started.stop()
  return { seconds, processorSeconds, memory }
}

/** An auth service on this Redis, with SQLite in the folder. */
async function auth(folder: string, redisUrl: string, entry: Entry): Promise<Program> {
  const [port, opsPort] = [await freePort(), await freePort()]
  const program = start(
    'measured',
    [process.execPath, entry.file],
    [
      ...Object.entries(entry.settings).map(([name, value]) => `${name}=${value}`),
      'LOG_LEVEL=warn',
      'DRAIN_SECONDS=0',
      `REDIS_URL=${redisUrl}`,
      `GATEHOUSE_DATA_DIR=${join(folder, 'auth')}`,
      `AUTH_PORT=${port}`,
      `AUTH_OPS_PORT=${opsPort}`
    ]
  )
  await answers(`http://127.0.0.1:${opsPort}/readyz`, [200])
  return program
}

/** `npm start` with nothing set but free ports. */
async function wholeSystem(folder: string): Promise<Program> {
  const port = await freePort()
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const inner = ['AUTH_PORT', 'ORDERS_PORT', 'ECHO_PORT', 'GATEWAY_OPS_PORT']
  const ops = ['AUTH_OPS_PORT', 'ORDERS_OPS_PORT', 'ECHO_OPS_PORT']
  const program = start(
    'measured',
    ['npm', '--prefix', root, 'start'],
    [
      ...[...inner, ...ops].map((name) => `${name}=0`),
      `GATEWAY_PORT=${port}`,
      `GATEHOUSE_DATA_DIR=${folder}`,
      'LOG_LEVEL=warn'
    ]
  )
  await answers(`http://127.0.0.1:${port}/demo/`, [200])
  return program
}

function rowsOf(name: string, measured: readonly Start[]): Row[] {
  const how = `median of ${measured.length} starts, ${pinning}`
  const of = (figure: keyof Start) => median(measured.map((one) => one[figure]))
  return [
    {
      figure: `${name}: start to ready`,
      goal: '≤ 0.7 s',
      value: `${of('seconds').toFixed(2)} s`,
      how
    },
    {
      figure: '  its processor time until then',
      goal: '≤ 0.6 s',
      value: `${of('processorSeconds').toFixed(2)} s`,
      how: 'from /proc'
    },
    {
      figure: '  its memory when idle',
      goal: '≤ 90 MiB',
      value: `${of('memory').toFixed(0)} MiB`,
      how: `resident, ${IDLE_SECONDS} s later`
    }
  ]
}

async function systemRow(folder: string, tell: (line: string) => void): Promise<Row> {
  tell('starting the whole system, twice …')
  await measuredStart(() => wholeSystem(folder), 0)
  const { seconds } = await measuredStart(() => wholeSystem(folder), 0)
  return {
    figure: 'npm start to ready, second run',
    goal: '≤ 3 s',
    value: `${seconds.toFixed(1)} s`,
    how: 'the whole system in one process, until it serves a page'
  }
}
