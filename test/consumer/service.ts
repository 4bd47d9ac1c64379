import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { problemAnswer, requireRole, verifyAssertion } from '@gatehouse/identity'
import * as express from '@gatehouse/identity/express'
import * as fastify from '@gatehouse/identity/fastify'
import * as hono from '@gatehouse/identity/hono'
import { checkRoutes } from '@gatehouse/routes'
import { serve } from '@hono/node-server'
import newExpress from 'express'
import newFastify from 'fastify'
import { Hono } from 'hono'
import { type Account, signInAndCall } from './program.ts'

/**
 * If a declaration could not be read, it would be `any`, and the compiler would accept everything.
 */
type IsAny<Type> = 0 extends 1 & Type ? true : false
const isAny: IsAny<Awaited<ReturnType<typeof verifyAssertion>>> | IsAny<typeof hono.identity> =
  false
if (isAny) throw new Error('the types are those of the package')

/**
 * A service in a repository of its own, in four frameworks. It is compiled and run there. The same
 * process uses the other packages, because a process costs more than they do.
 */
type Settings = {
  readonly gatewayKeys: string
  readonly audience: string
  readonly account: Account
  /** the file of the gateway's route table */
  readonly table: string
  readonly ports: Readonly<Record<'express' | 'fastify' | 'hono' | 'node', number>>
}

const { ports, account, table, ...options }: Settings = JSON.parse(process.argv[2] ?? '')
const hostname = '127.0.0.1'
const { versions } = process
const version = ['deno', 'bun', 'node'].find((name) => name in versions) ?? ''
const runtime = `${version} ${versions[version]}`
const answer = (subject: string) => ({ subject, runtime })

const onExpress = newExpress()
onExpress.use(express.identity(options))
onExpress.get('/', (request, response) => {
  response.json(answer(request.identity?.subject ?? ''))
})
onExpress.get('/admin', express.requireRole('admin'), (request, response) => {
  response.json(answer(express.requireIdentity(request).subject))
})

const onFastify = newFastify()
await onFastify.register(fastify.identity, options)
onFastify.get('/', async (request) => answer(fastify.requireIdentity(request).subject))
onFastify.get('/admin', { onRequest: fastify.requireRole('admin') }, async (request) =>
  answer(request.identity?.subject ?? '')
)

const onHono = new Hono<hono.IdentityEnv>()
onHono.use(hono.identity(options))
onHono.get('/', (context) => context.json(answer(context.get('identity')?.subject ?? '')))
onHono.get('/admin', hono.requireRole('admin'), (context) =>
  context.json(answer(hono.requireIdentity(context).subject))
)

const onNode = createServer(async (request, response) => {
  try {
    const caller = await verifyAssertion(request.headers, options)
    if (request.url === '/admin') requireRole(caller, 'admin')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer(caller.subject)))
  } catch (error) {
    const { status, headers, body } = problemAnswer(error, request.headers)
    response.writeHead(status, { ...headers }).end(body)
  }
})

await onFastify.listen({ host: hostname, port: ports.fastify })
await new Promise<unknown>((listening) => {
  serve({ fetch: onHono.fetch, hostname, port: ports.hono }, listening)
})
await new Promise<void>((listening) => {
  onExpress.listen(ports.express, hostname, () => listening())
})
await new Promise<void>((listening) => {
  onNode.listen(ports.node, hostname, listening)
})
const client = await signInAndCall(account)
const { faults, routes } = checkRoutes(readFileSync(table, 'utf8'), { production: false })
process.stdout.write(`${JSON.stringify({ client, faults, routes: routes.length })}\n`)
