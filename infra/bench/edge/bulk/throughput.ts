import { truncateSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@gatehouse/start/free-port'
import { type Figure, figure, ratios } from '../../figures/figure.ts'
import type { Run } from '../../figures/run.ts'
import { processorTime } from '../../processor-time.ts'
import { isInstalled, output, ready, start } from '../../programs.ts'
import { type Contender, gateway, type Surroundings } from '../contenders/contenders.ts'
import { PATH } from '../contenders/load.ts'

const GIB = 1024 ** 3
const LEAST = 1024 ** 2

/** A transfer: its speed, and the processor time of the proxy. */
type Passed = { readonly bytesPerSecond: number; readonly seconds: number }

const directions = { down: 'download', up: 'upload' } as const
type Direction = keyof typeof directions

/** How fast a gibibyte passes in each direction, compared with nginx, which checks nothing. */
export async function throughput(around: Surroundings, run: Run): Promise<Figure[]> {
  if (!isInstalled('curl', '-V')) return [leftOut]
  const bytes = Math.max(run.scaled(GIB), LEAST)
  const port = await freePort()
  const main = fileURLToPath(new URL('./bulk-service.ts', import.meta.url))
  const service = start('upstream', [process.execPath, main, String(port), String(bytes)])
  const upstreamUrl = `http://127.0.0.1:${port}`
  const proxies: Contender[] = []
  try {
    await ready(service, upstreamUrl, [200])
    proxies.push(await gateway({ ...around, upstreamUrl }), await nginxProxy(around, upstreamUrl))
    const figures: Figure[] = []
    for (const direction of Object.keys(directions) as Direction[]) {
      const [own = [], nginx = []] = await inTurns(proxies, direction, { around, bytes, run })
      figures.push(...figuresOf(direction, bytes, own, nginx))
    }
    return figures
  } finally {
    for (const one of proxies) await one.stop()
    await service.stop()
  }
}

const leftOut = figure({
  id: 'edge/throughput/down/ratio',
  title: 'a download ÷ through nginx',
  unit: 'ratio',
  rounds: [],
  better: 'higher',
  goal: { atLeast: 0.5 },
  how: 'left out: curl is not installed'
})

function figuresOf(
  direction: Direction,
  bytes: number,
  own: readonly Passed[],
  nginx: readonly Passed[]
): Figure[] {
  const how = `${(bytes / 1024 ** 2).toFixed(0)} MiB with curl; nginx checks nothing, one worker`
  const name = directions[direction]
  return [
    figure({
      id: `edge/throughput/${direction}/ratio`,
      title: `bytes per second of one ${name} ÷ through nginx`,
      unit: 'ratio',
      rounds: ratios(
        own.map(({ bytesPerSecond }) => bytesPerSecond),
        nginx.map(({ bytesPerSecond }) => bytesPerSecond)
      ),
      better: 'higher',
      goal: { atLeast: 0.5 },
      how
    }),
    figure({
      id: `edge/throughput/${direction}/cost`,
      title: '  processor time of the gateway per GiB',
      unit: 's',
      rounds: own.map(({ seconds }) => (seconds * GIB) / bytes),
      how: 'the same transfers'
    })
  ]
}

type Transfer = { readonly around: Surroundings; readonly bytes: number; readonly run: Run }

/** The transfers through each proxy, by round. The first one of each only warms up. */
async function inTurns(
  proxies: readonly Contender[],
  direction: Direction,
  { around, bytes, run }: Transfer
): Promise<Passed[][]> {
  const { folder, issuer } = around
  const [token = ''] = issuer.tokens(1)
  const file = join(folder, 'huge')
  writeFileSync(file, '')
  truncateSync(file, bytes)
  const body = direction === 'up' ? ['-T', file, '-H', 'Expect:'] : []
  const passed: Passed[][] = proxies.map(() => [])
  for (let round = 0; round <= run.rounds; round += 1) {
    run.tell(`${bytes / LEAST} MiB ${direction}, round ${round} of ${run.rounds} …`)
    for (const [index, { pid, url, name }] of proxies.entries()) {
      const before = processorTime(pid)
      const authorization = `Authorization: Bearer ${token}`
      const asked = ['-s', '-o', '/dev/null', '-H', authorization, ...body, `${url}${PATH}`]
      const [status, speed] = (await output('load', ['curl', '-w', WRITTEN[direction], ...asked]))
        .trim()
        .split(' ')
      if (status !== '200') throw new Error(`${name}: ${direction} got ${status}`)
      const seconds = (processorTime(pid) - before) / 1e6
      if (round > 0) passed[index]?.push({ bytesPerSecond: Number(speed), seconds })
    }
  }
  return passed
}

const WRITTEN: Readonly<Record<Direction, string>> = {
  down: '%{http_code} %{speed_download}',
  up: '%{http_code} %{speed_upload}'
}

/** As its manual advises for large bodies: it does not keep them on the disk. */
async function nginxProxy({ folder }: Surroundings, upstreamUrl: string): Promise<Contender> {
  const port = await freePort()
  const file = join(folder, 'nginx-proxy.conf')
  writeFileSync(
    file,
    `daemon off; user ${userInfo().username}; worker_processes 1; master_process off;
pid ${folder}/nginx-proxy.pid; error_log ${folder}/nginx-proxy.log;
events { worker_connections 4096; }
http {
  access_log off; client_max_body_size 0; client_body_temp_path ${folder}/proxy-body;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${upstreamUrl}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_request_buffering off; proxy_max_temp_file_size 0;
    }
  }
}
`
  )
  const command = ['nginx', '-c', file, '-p', folder, '-e', `${folder}/nginx-proxy.log`]
  const program = start('measured', command)
  const url = `http://127.0.0.1:${port}`
  await ready(program, url, [200])
  return { ...program, name: 'nginx', url }
}
