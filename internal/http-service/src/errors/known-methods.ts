import type { FastifyInstance } from 'fastify'

/**
 * The methods for which a path has routes, so that a wrong method gets 405 with `Allow` (RFC 9110
 * §15.5.6), not 404.
 */
export function knownMethods(service: FastifyInstance): (url: string) => string[] {
  const routes: { pattern: RegExp; methods: string[] }[] = []
  service.addHook('onRoute', ({ url, method }) => {
    routes.push({ pattern: toPattern(url), methods: [method].flat() })
  })
  return (url) => {
    const path = url.split('?', 1)[0] ?? ''
    const methods = routes.filter(({ pattern }) => pattern.test(path)).flatMap((row) => row.methods)
    return [...new Set(methods)].sort()
  }
}

/** `/orders/:id` as a regular expression; `*` matches any rest. */
function toPattern(url: string): RegExp {
  const source = url
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/:[^/]+/g, '[^/]+')
    .replace(/\*/g, '.*')
  return new RegExp(`^${source}$`)
}
