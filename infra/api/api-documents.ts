import { fileURLToPath } from 'node:url'
import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { REFRESH_COOKIE } from '@gatehouse/edge-headers/own-cookies'
import { loadRouteTable } from '@gatehouse/gateway/routes/load-route-table'
import type { Route } from '@gatehouse/gateway/routes/route'
import type { CollectedRoute, Listener } from './collect-routes.ts'
import { Components, type Json } from './document/components.ts'
import { openapiDocument, templateOf } from './document/openapi-document.ts'
import { operationOf } from './document/operation.ts'
import {
  authServer,
  gatewayOpsServer,
  gatewayServer,
  operatorTags,
  publicTags
} from './document/parts.ts'
import { webhookComponents, webhookItems } from './document/webhooks.ts'
import { gatewaySurroundings } from './surroundings/gateway-surroundings.ts'
import { opsSurroundings } from './surroundings/ops-surroundings.ts'

/** The API that clients call through the gateway, by the shipped route table. */
export function publicDocument(listeners: readonly Listener[]): string {
  const file = fileURLToPath(new URL('../../gateway/routes.yaml', import.meta.url))
  const { routes } = loadRouteTable(file, {})
  const components = new Components()
  const paths: Record<string, Json> = {}
  for (const collected of listenerWith(listeners, '/login')) {
    const { route, path } = published(routes, collected)
    const surroundings = gatewaySurroundings(route, collected)
    const operation = operationOf(collected, surroundings, components)
    paths[path] = { ...paths[path], [collected.method.toLowerCase()]: operation }
  }
  return openapiDocument({
    title: 'Gatehouse: public API',
    description:
      'Accounts, sessions and OAuth, as clients call them through the gateway. Bodies are JSON with camelCase members, except for /oauth/*, which takes forms. A request with an unknown member is refused. HEAD is answered like GET, without a body.',
    servers: [gatewayServer],
    tags: publicTags,
    securitySchemes: {
      accessToken: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'accessToken of a token response.'
      },
      refreshCookie: {
        type: 'apiKey',
        in: 'cookie',
        name: REFRESH_COOKIE,
        description:
          'The refresh token, after a login with delivery cookie. The request must come from a page of this origin or of one of ALLOWED_ORIGINS: see the parameters origin and sec-fetch-site. A client without the cookie sends refreshToken in the body.'
      },
      clientSecretBasic: {
        type: 'http',
        scheme: 'basic',
        description:
          'The form-encoded id and secret of a machine client (RFC 6749 §2.3.1). Other clients authenticate by client_secret or client_assertion in the body.'
      }
    },
    paths,
    components
  })
}

/** The ops listeners of the auth service and of the gateway. */
export function operatorDocument(listeners: readonly Listener[]): string {
  const components = new Components()
  const paths: Record<string, Json> = {}
  const add = (collected: CollectedRoute, servers: readonly Json[] | null) => {
    const path = templateOf(collected.url)
    const operation = operationOf(collected, opsSurroundings(collected), components)
    const own = servers === null ? {} : { servers }
    paths[path] = { ...paths[path], ...own, [collected.method.toLowerCase()]: operation }
  }
  for (const collected of listenerWith(listeners, '/ops/users')) {
    add(collected, collected.url.startsWith('/ops/') ? null : [authServer, gatewayOpsServer])
  }
  for (const collected of listenerWith(listeners, GATEWAY_KEYS_PATH)) {
    if (collected.url === GATEWAY_KEYS_PATH) add(collected, [gatewayOpsServer])
  }
  return openapiDocument({
    title: 'Gatehouse: operator API',
    description:
      'The ops listeners: the API of operators, health, metrics and the assertion keys. Clients must not be able to reach them.',
    servers: [authServer],
    tags: operatorTags,
    securitySchemes: {
      operatorToken: {
        type: 'http',
        scheme: 'bearer',
        description:
          'The token of an operator, or AUTH_OPS_TOKEN. Browsers use sessions of the console instead.'
      }
    },
    paths,
    webhooks: { items: webhookItems(components), ...webhookComponents },
    components
  })
}

/** @throws Error if not exactly one listener has the path */
function listenerWith(listeners: readonly Listener[], path: string): Listener {
  const [found, ...others] = listeners.filter((routes) => routes.some(({ url }) => url === path))
  if (found === undefined || others.length > 0) {
    throw new Error(`${others.length + (found ? 1 : 0)} listeners have ${path}`)
  }
  return found
}

/**
 * The route of the table that publishes a route of the auth service, and the path for clients. Of
 * several, the one with the longest prefix counts, as in the gateway.
 */
function published(routes: readonly Route[], { method, url }: CollectedRoute) {
  const found = routes.flatMap((route) => {
    if (route.upstream.name !== 'auth') return []
    const path = `${route.stripPrefix ?? ''}${templateOf(url)}`
    return route.prefixes
      .filter((prefix) => path === prefix || path.startsWith(`${prefix}/`))
      .map(({ length }) => ({ route, path, length }))
  })
  const longest = Math.max(...found.map(({ length }) => length))
  const [first, ...others] = found.filter(({ length }) => length === longest)
  if (first === undefined || others.length > 0) {
    throw new Error(`${others.length} other routes of the table publish ${method} ${url}`)
  }
  return first
}
