import { setTimeout as sleep } from 'node:timers/promises'
import { type Installation, installation } from '@gatehouse/fixtures/installation'
import { nginxInFront } from '@gatehouse/fixtures/nginx'
import { type Operator, operator } from '@gatehouse/fixtures/operator'
import { postgresMissing } from '@gatehouse/fixtures/postgres-server'
import type { ServiceProcess } from '@gatehouse/fixtures/service-process'
import { type Figure, figure } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { isInstalled } from '../programs.ts'
import { type Answers, type AskingClients, askingClients } from './asking-clients.ts'

const LOAD = { clients: 8, pauseMs: 10 }
const ROTATIONS = 10
/** after each rotation, and after each restart: those in front find a process again */
const PAUSE_MS = 1000
/** how often each gateway and each auth service is restarted */
const RESTARTS = 3
const DRAIN_SECONDS = 5
/** for how long nginx avoids a gateway, and keeps an idle connection, as its page says */
const SHORTER_SECONDS = 3

/** Requests that fail while signing keys are rotated, and while processes are restarted. */
export async function changes(run: Run): Promise<Figure[]> {
  const counts = { rotations: run.scaled(ROTATIONS), restarts: run.scaled(RESTARTS) }
  const { rotated, restarted } = await failedDuringChanges(counts, run.tell)
  for (const failure of [...rotated.failed, ...restarted.failed]) run.tell(`failed: ${failure}`)
  const how = `${LOAD.clients} clients read, order and refresh behind nginx`
  return [
    figure({
      id: 'changes/rotations/failed',
      title: `requests that failed during ${counts.rotations} rotations of the signing key`,
      unit: 'count',
      rounds: [rotated.failed.length],
      goal: { atMost: 0 },
      how: `of ${all(rotated)}; ${how}, with tokens of ${rotated.keys} keys`
    }),
    figure({
      id: 'changes/restarts/failed',
      title: `requests that failed during ${counts.restarts} rolling restarts`,
      unit: 'count',
      rounds: [restarted.failed.length],
      goal: { atMost: 0 },
      how: `of ${all(restarted)}; ${how}; 2 gateways, 2 auth services`
    })
  ]
}

const all = ({ good, failed }: Answers): string => (good + failed.length).toLocaleString('en')

type Counts = { readonly rotations: number; readonly restarts: number }

/** @throws if nginx or PostgreSQL is missing, or a change does not succeed */
async function failedDuringChanges(
  counts: Counts,
  tell: (line: string) => void
): Promise<{ rotated: Answers; restarted: Answers }> {
  if (!isInstalled('nginx')) throw new Error('nginx is not installed')
  if (postgresMissing !== false) throw new Error(String(postgresMissing))
  const ending = new AsyncDisposableStack()
  const during = {
    teardown(end: () => unknown) {
      ending.defer(async () => {
        await end()
      })
    }
  }
  try {
    const system = await installation(during, {
      gateways: 2,
      settings: {
        DRAIN_SECONDS: String(DRAIN_SECONDS),
        GATEWAY_TRUSTED_PROXIES: '127.0.0.1',
        AUTH_REFRESH_LIMIT_PER_MINUTE: '1000000'
      }
    })
    const [one, other] = system.gateways
    if (one === undefined || other === undefined) throw new Error('there are two gateways')
    const url = await nginxInFront(during, {
      gateways: [one.url, other.url],
      failSeconds: SHORTER_SECONDS,
      keptMs: SHORTER_SECONDS * 1000
    })
    const asking = await askingClients([url], LOAD)
    during.teardown(asking.stop)
    return await underLoad(system, asking, counts, tell)
  } finally {
    await ending.disposeAsync()
  }
}

async function underLoad(
  system: Installation,
  asking: AskingClients,
  { rotations, restarts }: Counts,
  tell: (line: string) => void
) {
  await rotateKeys(operator(system.folder), { count: rotations, pauseMs: PAUSE_MS }, tell)
  const rotated = asking.take()
  for (let round = 1; round <= restarts; round += 1) {
    tell(`restarting each process, round ${round} of ${restarts} …`)
    await restartEach(system.gateways, 'GATEWAY', system.startGateway)
    await restartEach(system.auths, 'AUTH', system.startAuth)
  }
  await asking.stop()
  return { rotated, restarted: asking.take() }
}

type Rotations = {
  readonly count: number
  /** after each, in which clients use the new key */
  readonly pauseMs: number
}

/**
 * Every third rotation changes the algorithm of the signing keys.
 * @throws if the command fails
 */
export async function rotateKeys(
  ops: Operator,
  { count, pauseMs }: Rotations,
  tell: (line: string) => void
): Promise<void> {
  for (let rotation = 1; rotation <= count; rotation += 1) {
    tell(`rotating the signing key, ${rotation} of ${count} …`)
    const algorithm = rotation % 3 === 0 ? ['--algorithm', 'EdDSA'] : []
    const { code, stderr } = await ops(['keys', 'rotate', ...algorithm, '--json'])
    if (code !== 0) throw new Error(`keys rotate: ${stderr}`)
    await sleep(pauseMs)
  }
}

/** One after the other, each on its own ports, as an operator does. */
export async function restartEach(
  processes: ServiceProcess[],
  name: string,
  startAgain: (settings: Record<string, string>) => Promise<ServiceProcess>
): Promise<void> {
  for (const [index, process] of processes.entries()) {
    const code = await process.stop()
    if (code !== 0) throw new Error(`${name} ended with ${code}`)
    processes[index] = await startAgain({
      [`${name}_PORT`]: new URL(process.url).port,
      [`${name}_OPS_PORT`]: new URL(process.opsUrl).port
    })
    await sleep(PAUSE_MS)
  }
}
