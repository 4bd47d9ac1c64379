import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { authority } from '@gatehouse/fixtures/certificates'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { missingProgram } from '@gatehouse/fixtures/missing-program'
import { freePort } from '@gatehouse/start/free-port'
import t, { type Test } from 'tap'
import { read } from '../rules/fixtures/source-files.ts'

const run = promisify(execFile)

/** The complete configurations on a page. */
function configurationsIn(page: string, language: string): string[] {
  const [, ...blocks] = read(page).split(`\`\`\`${language}\n`)
  return blocks.map((block) => block.split('```')[0] ?? '')
}

t.test(
  'nginx works with the configuration of its page, even with TLS to the gateways',
  { skip: missingProgram('nginx', '-v') },
  async (t) => {
    const folder = dataFolder(t)
    const file = join(folder, 'nginx.conf')
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join('\n')
    const [page = ''] = configurationsIn('docs/proxies/nginx.md', 'nginx')
    const plain = 'proxy_pass http://gateway;'
    t.match(page, plain)
    const [tls = ''] = /^ +proxy_pass https:\/\/gateway;\n(?: +proxy_ssl_.*\n)+/m.exec(
      read('docs/proxies/nginx.md')
    ) ?? ['']
    t.match(tls, 'proxy_ssl_verify on;')
    const { file: ca } = await authority(t)
    const secured = tls.replace(/\/\S+\.crt/, ca)
    for (const server of [page, page.replace(plain, secured)]) {
      writeFileSync(
        file,
        `pid ${folder}/nginx.pid;\nevents {}\nhttp {\naccess_log off;\n${paths}\n${server}\n}\n`
      )
      const { stderr } = await run('nginx', ['-t', '-q', '-e', 'stderr', '-p', folder, '-c', file])
      t.equal(stderr, '', 'without a warning')
    }
  }
)

t.test(
  'fail_timeout and keepalive_timeout of the nginx page are shorter than the drain time of the gateway',
  async (t) => {
    const [page = ''] = configurationsIn('docs/proxies/nginx.md', 'nginx')
    const avoided = [...page.matchAll(/^ +server \d.* fail_timeout=(\d+)s;$/gm)]
    const kept = [...page.matchAll(/^ +keepalive_timeout (\d+)s;$/gm)]
    t.strictSame([avoided.length, kept.length], [2, 1])
    const [, drain = ''] = /Unset: (\d+); with `npm start`/.exec(read('docs/settings.md')) ?? []
    for (const [line, seconds = ''] of [...avoided, ...kept]) {
      t.ok(Number(seconds) > 0 && Number(seconds) + 1 < Number(drain), line)
    }
  }
)

t.test(
  'HAProxy accepts the configurations of its page',
  { skip: missingProgram('haproxy', '-v') },
  async (t) => {
    const file = join(dataFolder(t), 'haproxy.cfg')
    const pages = configurationsIn('docs/proxies/haproxy.md', 'haproxy')
    t.match(pages, [/default_backend gateways/, /send-proxy-v2/])
    for (const page of pages) {
      writeFileSync(file, page)
      const { stdout, stderr } = await run('haproxy', ['-c', '-q', '-f', file])
      t.equal(`${stdout}${stderr}`, '', 'without a warning')
    }
  }
)

/** A listener with TLS that requires a client certificate. It counts the requests for `path`. */
async function listener(t: Test, tls: Record<'cert' | 'key' | 'ca', Buffer>, path: string) {
  let answered = 0
  const options = { ...tls, requestCert: true, rejectUnauthorized: true }
  const server = createServer(options, ({ url }, response) => {
    if (url === path) answered += 1
    response.writeHead(url === path ? 200 : 404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return { port, answered: () => answered }
}

t.test(
  'HAProxy checks and reaches gateways with TLS on both listeners, as its page says',
  { skip: missingProgram('haproxy', '-v') },
  async (t) => {
    const ours = await authority(t)
    const [own, client] = [await ours.issue('gateway'), await ours.issue('haproxy')]
    const [cert, key, ca] = [own.cert, own.key, ours.file].map((file) => readFileSync(file))
    const tls = { cert, key, ca } as Record<'cert' | 'key' | 'ca', Buffer>
    const gateway = await listener(t, tls, '/orders')
    const ops = await listener(t, tls, '/readyz')

    const folder = dataFolder(t)
    const pem = join(folder, 'haproxy.pem')
    writeFileSync(pem, `${readFileSync(client.cert)}\n${readFileSync(client.key)}`)
    const [, line = ''] =
      /^ {4}(default-server .* check-ssl .*)$/m.exec(read('docs/proxies/haproxy.md')) ?? []
    const [page = ''] = configurationsIn('docs/proxies/haproxy.md', 'haproxy')
    const port = await freePort()
    const file = join(folder, 'haproxy.cfg')
    writeFileSync(
      file,
      page
        .replace(/default-server .*/, line)
        .replace('check port 3900 inter 2s', `check port ${ops.port} inter 100ms`)
        .replace('/etc/haproxy/gateways-ca.crt', ours.file)
        .replace('/etc/haproxy/haproxy.pem', pem)
        .replace('bind :8443', `bind 127.0.0.1:${port}`)
        .replaceAll(/10\.0\.0\.[23]:3000/g, `127.0.0.1:${gateway.port}`)
    )
    const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    t.teardown(async () => {
      child.kill('SIGKILL')
      await ended
    })

    const checks = await eventually(
      async () => ops.answered(),
      (count) => count >= 4,
      10_000
    )
    t.ok(checks >= 4, 'both health checks get their answer, twice')
    const { status } = await fetch(`http://127.0.0.1:${port}/orders`)
    t.equal(status, 200)
    t.equal(gateway.answered(), 1)
  }
)
