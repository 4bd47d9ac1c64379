import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { missing, runs } from '@gatehouse/fixtures/missing-program'
import { processEnvironment } from '@gatehouse/fixtures/program'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import type { Test } from 'tap'
import { blocksOf } from './documented-blocks.ts'
import { read } from './source-files.ts'

export const PAGE = 'docs/first-service.md'
export const document = read('docs/downstream.md')

/** The first example of a language in docs/downstream.md, to the letter. */
function documented(language: string): string {
  const [, code] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(document) ?? []
  if (code === undefined) throw new Error(`docs/downstream.md has no example in ${language}`)
  return code
}

export type Example = {
  /** why it cannot be run here; false where it can */
  readonly missing: string | false
  /** whether docs/first-service.md explains it */
  readonly isOnPage: boolean
  /** what to run it with; a folder of its own is for what it makes */
  command(folder: string): readonly [program: string, ...words: string[]]
}

// Debian's own, which sees Debian's packages.
export const PYTHON = '/usr/bin/python3'
export const noPython = missing(
  'Python with Flask and PyJWT',
  runs(PYTHON, '-c', 'import flask, jwt')
)
export const noGo = missing('Go', runs('go', 'version'))
export const examples: Record<string, Example> = {
  'fastify-with-package': {
    missing: false,
    isOnPage: false,
    command: () => [process.execPath, '--input-type=module-typescript', '--eval', documented('ts')]
  },
  'node-without-package': {
    missing: false,
    isOnPage: false,
    command: () => [process.execPath, '--input-type=module', '--eval', documented('js')]
  },
  express: {
    missing: false,
    isOnPage: true,
    command: () => [process.execPath, 'examples/express/service.js']
  },
  flask: {
    missing: noPython,
    isOnPage: true,
    command: () => [PYTHON, '-B', 'examples/python/service.py']
  },
  go: {
    missing: noGo,
    isOnPage: true,
    command(folder) {
      const binary = join(folder, 'service')
      const built = spawnSync('go', ['build', '-o', binary, '.'], {
        cwd: 'examples/go',
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          GOCACHE: join(folder, 'cache'),
          GOFLAGS: '-buildvcs=false',
          GOPROXY: 'off'
        }
      })
      if (built.status !== 0) throw new Error(built.stderr.toString())
      return [binary]
    }
  }
}

/** The whole system, with the route of docs/first-service.md for each example. */
export async function exampleSystem(t: Test) {
  const ports = new Map<string, number>()
  const [upstream = '', route = ''] = blocksOf(PAGE, 'yaml')
  let table = read('gateway/routes.yaml')
  for (const name of Object.keys(examples)) {
    const port = await freePort()
    ports.set(name, port)
    const own = upstream.replace('shop', name).replace('4000', String(port))
    table = `${table.replace('upstreams:\n', `upstreams:\n${own}`)}${route.replaceAll('shop', name)}`
  }
  const folder = dataFolder(t)
  const routes = join(folder, 'routes.yaml')
  writeFileSync(routes, table)
  const { url, services } = await wholeSystem(t, {
    GATEWAY_ROUTES: routes,
    GATEHOUSE_DATA_DIR: folder
  })
  const opsUrl = services.find(({ name }) => name === 'gateway')?.opsUrl ?? ''
  return { url, ports, folder, keysUrl: `${opsUrl}${GATEWAY_KEYS_PATH}` }
}

/** Starts an example, and waits until it answers. */
export async function started(
  t: Test,
  command: readonly string[],
  settings: Record<string, string>
) {
  const [program = '', ...words] = command
  const child: ChildProcess = spawn(program, words, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...processEnvironment(), ...settings }
  })
  t.teardown(() => child.kill('SIGKILL'))
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    const answer = await fetch(`http://127.0.0.1:${settings.PORT}/`).catch(() => null)
    if (answer !== null) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
