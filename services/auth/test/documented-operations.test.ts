import { readFileSync } from 'node:fs'
import type { Service } from '@gatehouse/http-service/build-service'
import t from 'tap'
import { authService } from './fixtures/auth-service.ts'

const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8')
const documented = [...page.matchAll(/^\| `((?:GET|POST|PUT|PATCH|DELETE) \/[^`]*)` \|/gm)]
  .map(([, operation = '']) => operation)
  .filter((operation) => !/ \/(orders|demo)\b/.test(operation))

/**
 * The operations of a service, from Fastify's route tree, in which each level is indented by four
 * characters.
 */
async function operationsOf(service: Service): Promise<string[]> {
  await service.ready()
  const above: string[] = []
  return service
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', segment = '', methods = ''] =
        /^((?:[│ ] {3})*)[├└]── (\S+)(?: \((.*)\))?$/.exec(line) ?? []
      above.splice(indent.length / 4, Number.POSITIVE_INFINITY, segment)
      const path = above.join('').replaceAll(/:(\w+)/g, '{$1}')
      return methods
        .split(', ')
        .filter((method) => method !== '' && method !== 'HEAD')
        .map((method) => `${method} ${path}`)
    })
}

/** The path that clients use: the gateway removes the prefix. */
const throughTheGateway = (operation: string) =>
  / \/(oauth|\.well-known)\//.test(operation) ? operation : operation.replace(' /', ' /auth/')

t.test('docs/http.md lists every operation of the auth service, and no other', async (t) => {
  const { service, ops } = await authService(t)
  const everywhere = ['GET /healthz', 'GET /readyz', 'GET /metrics']
  const coded = [
    ...(await operationsOf(service)).map(throughTheGateway),
    ...(await operationsOf(ops)).filter((operation) => !everywhere.includes(operation))
  ]
  t.strictSame(documented.sort(), coded.sort())
})
