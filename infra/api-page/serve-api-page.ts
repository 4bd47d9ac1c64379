import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Service } from '@gatehouse/http-service/build-service'
import { pageHeaders } from '@gatehouse/http-service/page-headers'

/** Where the page is on the listener. */
export const API_PAGE = '/docs/'

const own = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const { resolve } = createRequire(import.meta.url)
/**
 * Swagger UI, as the plugin for Fastify contains it. It is not registered: it needs inline code.
 */
const swagger = (name: string): string => resolve(`@fastify/swagger-ui/static/${name}`)

type PageFile = { readonly type: string; readonly path: string }

const page: PageFile = { type: 'text/html; charset=utf-8', path: own('page/index.html') }
const javascript = 'text/javascript; charset=utf-8'
const css = 'text/css; charset=utf-8'

const files: Readonly<Record<string, PageFile>> = {
  '': page,
  operator: page,
  'page.js': { type: javascript, path: own('page/page.js') },
  'page.css': { type: css, path: own('page/page.css') },
  'swagger-ui.js': { type: javascript, path: swagger('swagger-ui-bundle.js') },
  'swagger-ui.css': { type: css, path: swagger('swagger-ui.css') },
  'public.json': { type: 'application/json', path: own('../../api/public.json') },
  'operator.json': { type: 'application/json', path: own('../../api/operator.json') }
}

/** Swagger UI has images in its style sheet. */
const headers = pageHeaders({ 'img-src': "'self' data:" })

/** Serves a readable page of `api/*.json`. It is for development: no image contains it. */
export function serveApiPage(ops: Service): void {
  const hidden = { schema: { hidden: true } }
  ops.get('/docs', hidden, async (_request, reply) => reply.redirect(API_PAGE, 308))
  for (const [name, { type, path }] of Object.entries(files)) {
    ops.get(`${API_PAGE}${name}`, hidden, async (_request, reply) =>
      reply.headers({ ...headers, 'content-type': type }).send(readFileSync(path))
    )
  }
}
