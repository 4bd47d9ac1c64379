import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bundleService } from '@gatehouse/bundle/bundle-service'
import { serviceProgram } from '@gatehouse/fixtures/program'
import { startRedis } from '@gatehouse/fixtures/redis-server'
import { freePort } from '@gatehouse/start/free-port'
import { authProgram } from '../auth-program.ts'
import { gateway } from '../edge/contenders/contenders.ts'
import { type Issuer, issuer } from '../edge/contenders/tokens.ts'
import { type Figure, figure } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { residentMemory } from '../memory.ts'
import { processorTime } from '../processor-time.ts'
import { type Program, pinning, ready, start } from '../programs.ts'

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
  const cache = new URL('../../../node_modules/.cache/gatehouse/images/', import.meta.url)
  const bundled = async (path: string): Promise<Entry> => {
    const { file, compiled } = await bundleService(path, join(fileURLToPath(cache), path))
    return { file, settings: { NODE_COMPILE_CACHE: compiled, MALLOC_ARENA_MAX: '2' } }
  }
  return { gateway: await bundled('gateway'), auth: await bundled('services/auth') }
}

/** Starts a process; resolves when it is ready. */
type Starter = () => Promise<Program>

/** How long the processes take until they are ready, and how much memory they need then. */
export async function starts(run: Run): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const redis = await startRedis(folder, { durable: false })
  const issuing = await issuer()
  try {
    const idleSeconds = run.isShort ? 0 : IDLE_SECONDS
    const figures: Figure[] = []
    const kinds = { 'from its sources': sources, 'as in its image': await imagePrograms() }
    for (const [kind, programs] of Object.entries(kinds)) {
      const own = join(folder, kind)
      mkdirSync(own)
      for (const [name, starter] of Object.entries(starters(own, redis.url, issuing, programs))) {
        const measured = await inRounds(run, `${name} ${kind}`, starter, idleSeconds)
        figures.push(...figuresOf(`${name} ${kind}`, measured, idleSeconds))
      }
    }
    return [...figures, await systemFigure(join(folder, 'system'), run)]
  } finally {
    issuing.close()
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function inRounds(
  { tell, rounds }: Run,
  name: string,
  starter: Starter,
  idleSeconds: number
): Promise<Start[]> {
  const measured: Start[] = []
  for (let round = 1; round <= rounds; round += 1) {
    tell(`starting the ${name}, round ${round} of ${rounds} …`)
    measured.push(await measuredStart(starter, idleSeconds))
  }
  return measured
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
  'auth service': () =>
    authProgram(
      {
        ...programs.auth.settings,
        REDIS_URL: redisUrl,
        GATEHOUSE_DATA_DIR: join(folder, 'auth')
      },
      programs.auth.file
    )
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

/** `npm start` with nothing set but free ports. */
async function wholeSystem(folder: string): Promise<Program> {
  const port = await freePort()
  const root = fileURLToPath(new URL('../../..', import.meta.url))
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
  await ready(program, `http://127.0.0.1:${port}/demo/`, [200])
  return program
}

function figuresOf(name: string, measured: readonly Start[], idleSeconds: number): Figure[] {
  const id = `starts/${name.replaceAll(' ', '-')}`
  const rounds = (of: keyof Start) => measured.map((one) => one[of])
  return [
    figure({
      id: `${id}/seconds`,
      title: `${name}: start to ready`,
      unit: 's',
      rounds: rounds('seconds'),
      goal: { atMost: 0.7 },
      how: pinning
    }),
    figure({
      id: `${id}/processor`,
      title: '  its processor time until then',
      unit: 's',
      rounds: rounds('processorSeconds'),
      goal: { atMost: 0.6 },
      how: 'from /proc'
    }),
    figure({
      id: `${id}/memory`,
      title: '  its memory when idle',
      unit: 'MiB',
      rounds: rounds('memory'),
      goal: { atMost: 90 },
      how: `resident, ${idleSeconds} s later`
    })
  ]
}

async function systemFigure(folder: string, run: Run): Promise<Figure> {
  // The first start fills the folder.
  await measuredStart(() => wholeSystem(folder), 0)
  const measured = await inRounds(run, 'whole system', () => wholeSystem(folder), 0)
  return figure({
    id: 'starts/system/seconds',
    title: 'npm start to ready, second run',
    unit: 's',
    rounds: measured.map(({ seconds }) => seconds),
    goal: { atMost: 3 },
    how: 'the whole system in one process, until it serves a page'
  })
}
