import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { missingProgram } from '@gatehouse/fixtures/missing-program'
import { freePort } from '@gatehouse/start/free-port'
import type { Test } from 'tap'
import { blocksOf } from './documented-blocks.ts'

/** The addresses of the pages, and what stands in their place here. */
export type Places = {
  readonly verifyUrl: string
  readonly serviceUrl: string
  /** a second gateway, which nginx asks first */
  readonly firstVerify?: string
  /** with the exception for WebSockets of the route `/live` */
  readonly webSockets?: boolean
}

/** A real program with the configuration of its page. */
export type RealProxy = {
  /** why it cannot run here; false if it can */
  readonly missing: string | false
  /** @returns the port on which it listens */
  start(t: Test, places: Places): Promise<number>
}

/** The block of a page, with the addresses of this test. */
function blockOf(page: string, language: string, places: Places, port: number): string {
  const [block = ''] = blocksOf(`docs/forward-auth/${page}.md`, language)
  const replaced = {
    ...(places.firstVerify === undefined
      ? {}
      : {
          'server 10.0.0.2:3100;': `server ${places.firstVerify} max_fails=0; server 10.0.0.2:3100;`
        }),
    '10.0.0.2:3100': new URL(places.verifyUrl).host,
    '10.0.0.5:3002': new URL(places.serviceUrl).host,
    'listen 8443': `listen 127.0.0.1:${port}`,
    'bind :8443': `bind 127.0.0.1:${port}`,
    ':8443 {': `:${port} {\n\tbind 127.0.0.1`
  }
  return Object.entries(replaced).reduce((text, [old, own]) => text.replace(old, own), block)
}

async function started(t: Test, port: number, command: readonly string[], home: string) {
  const [program = '', ...words] = command
  const env = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home }
  const child: ChildProcess = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'], env })
  let told = ''
  child.stderr?.on('data', (chunk) => {
    told += chunk
  })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const isOpen = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
  const done = () => child.exitCode !== null
  const opened = await eventually(isOpen, (open) => open || done(), 20_000)
  if (!opened) throw new Error(`${program} does not listen: ${told}`)
  return port
}

/** What the page says for a route with `websocket: true`. */
function nginxConfig(places: Places, port: number): string {
  const config = blockOf('nginx', 'nginx', places, port)
  if (places.webSockets !== true) return config
  const [, maps = ''] = blocksOf('docs/forward-auth/nginx.md', 'nginx')
  const lines =
    'proxy_set_header Upgrade $websocket; proxy_set_header Connection $websocket_connection;'
  return maps + config.replaceAll('proxy_set_header Connection "";', () => lines)
}

function haproxyConfig(places: Places, port: number): string {
  const config = blockOf('haproxy', 'haproxy', places, port)
  if (places.webSockets !== true) return config
  const [, exception = ''] = blocksOf('docs/forward-auth/haproxy.md', 'haproxy')
  return config
    .replace(/^ *http-request del-header Connection$/m, '')
    .replace(/^ *http-request deny .*upgrade.*$/m, () => exception)
}

const nginx: RealProxy = {
  missing: missingProgram('nginx', '-v'),
  async start(t, places) {
    const [folder, port] = [dataFolder(t), await freePort()]
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join('\n')
    const file = join(folder, 'nginx.conf')
    writeFileSync(
      file,
      `daemon off; master_process off; pid ${folder}/pid; events {}
http { access_log off; ${paths} ${nginxConfig(places, port)} }`
    )
    return started(t, port, ['nginx', '-e', 'stderr', '-p', folder, '-c', file], folder)
  }
}

const haproxy: RealProxy = {
  missing: missingProgram('haproxy', '-v'),
  async start(t, places) {
    const [folder, port] = [dataFolder(t), await freePort()]
    const [file, script] = [join(folder, 'haproxy.cfg'), join(folder, 'verify.lua')]
    const config = haproxyConfig(places, port)
    writeFileSync(file, config.replace('/etc/haproxy/verify.lua', script))
    writeFileSync(script, blockOf('haproxy', 'lua', places, port))
    return started(t, port, ['haproxy', '-db', '-f', file], folder)
  }
}

const caddy: RealProxy = {
  missing: missingProgram('caddy', 'version'),
  async start(t, places) {
    const [folder, port] = [dataFolder(t), await freePort()]
    const file = join(folder, 'Caddyfile')
    writeFileSync(file, `{\n\tadmin off\n}\n${blockOf('caddy', 'caddy', places, port)}`)
    return started(t, port, ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'], folder)
  }
}

export const realProxies = { nginx, haproxy, caddy }
