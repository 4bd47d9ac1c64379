import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t from 'tap'
import { missing } from './missing-program.ts'
import { read } from './source-files.ts'

const run = promisify(execFile)

/** The configurations on a page, which are whole. */
function configurationsIn(page: string, language: string): string[] {
  const [, ...blocks] = read(page).split(`\`\`\`${language}\n`)
  return blocks.map((block) => block.split('```')[0] ?? '')
}

t.test(
  'nginx works with the configuration of its page',
  { skip: missing('nginx', '-v') },
  async (t) => {
    const folder = dataFolder(t)
    const file = join(folder, 'nginx.conf')
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join('\n')
    const [page = ''] = configurationsIn('docs/proxies/nginx.md', 'nginx')
    t.match(page, 'proxy_pass http://gateway;')
    writeFileSync(
      file,
      `pid ${folder}/nginx.pid;\nevents {}\nhttp {\naccess_log off;\n${paths}\n${page}\n}\n`
    )
    const { stderr } = await run('nginx', ['-t', '-q', '-e', 'stderr', '-p', folder, '-c', file])
    t.equal(stderr, '', 'without a warning')
  }
)

t.test(
  'HAProxy takes the configurations of its page',
  { skip: missing('haproxy', '-v') },
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
