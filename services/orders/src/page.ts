import { readFileSync, realpathSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Service } from '@gatehouse/http-service/build-service'
import { pageHeaders } from '@gatehouse/http-service/page-headers'
import { Refusal } from '@gatehouse/problem/refusal'
import { Type } from 'typebox'

const PAGE = fileURLToPath(new URL('../page/', import.meta.url))
/** Here, the browser loads the modules of the package. An application would use a bundler. */
const CLIENT = dirname(realpathSync(createRequire(import.meta.url).resolve('@gatehouse/client')))

const files: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'account.js': 'text/javascript; charset=utf-8',
  'notice.js': 'text/javascript; charset=utf-8',
  'elements.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml'
}

/** The paths of the links in e-mails (docs/mail.md). The script shows the form of each. */
const letterPages = [
  'forgot-password',
  'reset-password',
  'verify-email',
  'confirm-email',
  'undo-email',
  'register'
]

const NAME = Type.Object({ name: Type.String({ pattern: '^[a-z-]{1,40}(\\.[a-z]{2,4})?$' }) })

const MODULE = Type.Object({ '*': Type.String({ pattern: '^([a-z-]{1,40}/)?[a-z-]{1,40}\\.ts$' }) })

/** The example page, and the client that it uses. */
export function servePage(service: Service): void {
  const options = { config: { identity: 'optional' as const } }

  service.get('/demo', options, async (_request, reply) => reply.redirect('/demo/', 308))
  service.get('/demo/', options, async (_request, reply) =>
    reply.headers(headersOf('index.html')).send(readFileSync(join(PAGE, 'index.html')))
  )
  service.get('/demo/:name', { ...options, schema: { params: NAME } }, async (request, reply) => {
    const name = letterPages.includes(request.params.name) ? 'index.html' : request.params.name
    if (!Object.hasOwn(files, name)) throw noSuchFile()
    return reply.headers(headersOf(name)).send(readFileSync(join(PAGE, name)))
  })
  service.get(
    '/demo/client/*',
    { ...options, schema: { params: MODULE } },
    async (request, reply) => {
      const source = sourceOf(request.params['*'])
      return reply.headers(headersOf('page.js')).send(stripTypeScriptTypes(source))
    }
  )
}

const headersOf = (name: string): Record<string, string> => ({
  ...pageHeaders({ 'require-trusted-types-for': "'script'" }),
  'content-type': files[name] ?? ''
})

function sourceOf(name: string): string {
  try {
    return readFileSync(join(CLIENT, name), 'utf8')
  } catch {
    throw noSuchFile()
  }
}

const noSuchFile = () => new Refusal('NOT_FOUND', { reason: 'the page has no such file' })
