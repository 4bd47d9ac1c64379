import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { parseArgs } from 'node:util'
import { checkRoutes, routeFileSchema } from './check-routes.ts'
import { isFault, isReliable, testConformance } from './conformance/conformance.ts'
import { reportText } from './conformance/report-text.ts'
import { echoService } from './echo/echo-service.ts'

const USAGE = `Usage:
  gatehouse-routes check FILE [--development] [--certificates] [--json]
  gatehouse-routes schema
  gatehouse-routes conformance --gateway URL --echo-route /echo [--ca FILE] [--json]
  gatehouse-routes echo [--host HOST] [--port PORT]

check reads a route table as the gateway does, and reports its faults. \${NAME} stands for environment variables.
  --development   also accepts what a gateway accepts only in development
  --certificates  also reads the certificates that the table names
schema prints the JSON Schema of a route table.
conformance sends spoofed headers, ambiguous paths and requests with ambiguous framing through a deployment to an echo
service, and reports what reached the service. GATEHOUSE_TOKEN is the access token, if the route requires one. Only test
deployments of your own.
  --ca FILE       the authority of its certificate, in PEM
echo is an echo service for conformance. It accepts what servers should refuse, so run it only for the test.
  --host HOST     default 127.0.0.1
  --port PORT     default 8080

Exit code: 0 without a fault or leak, 1 with one, 2 if nothing could be tested.
`

export type Result = {
  readonly code: 0 | 1 | 2
  readonly text: string
  /** a server that continues after the command */
  readonly server?: Server
}
type Environment = Readonly<Record<string, string | undefined>>

const options = {
  ca: { type: 'string' },
  certificates: { type: 'boolean' },
  development: { type: 'boolean' },
  'echo-route': { type: 'string' },
  gateway: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  host: { type: 'string' },
  port: { type: 'string' },
  json: { type: 'boolean' }
} as const

type Given = ReturnType<typeof parse>['values']

const parse = (words: readonly string[]) =>
  parseArgs({ args: [...words], options, allowPositionals: true })

/** Runs a command; its result is what it prints, and its exit code. */
export async function runCommand(
  words: readonly string[],
  environment: Environment
): Promise<Result> {
  try {
    const { positionals, values } = parse(words)
    if (values.help) return { code: 0, text: USAGE }
    const [command, file, ...others] = positionals
    if (command === 'check' && file !== undefined && others.length === 0) {
      return check(file, values, environment)
    }
    if (command === 'schema' && positionals.length === 1)
      return { code: 0, text: routeFileSchema() }
    if (command === 'conformance' && positionals.length === 1) {
      return await conformance(values, environment)
    }
    if (command === 'echo' && positionals.length === 1) return await echo(values)
    return { code: 2, text: USAGE }
  } catch (error) {
    return { code: 2, text: `${error instanceof Error ? error.message : error}\n` }
  }
}

function check(file: string, given: Given, environment: Environment): Result {
  const { faults, routes } = checkRoutes(readFileSync(file, 'utf8'), {
    file,
    variables: environment,
    production: given.development !== true,
    certificates: given.certificates === true
  })
  const code = faults.length === 0 ? 0 : 1
  if (given.json) return { code, text: `${JSON.stringify({ faults, routes })}\n` }
  const text = code === 0 ? `${routes.length} routes, no fault` : faults.join('\n')
  return { code, text: `${text}\n` }
}

async function conformance(given: Given, environment: Environment): Promise<Result> {
  const { gateway = '', 'echo-route': echoRoute = '', ca } = given
  if (!/^https?:\/\//.test(gateway) || !URL.canParse(gateway)) {
    return { code: 2, text: '--gateway must be an http or https address\n' }
  }
  if (!/^\/[^?#]*[^/?#]$/.test(echoRoute)) {
    return { code: 2, text: '--echo-route must be a path such as /echo\n' }
  }
  const report = await testConformance({
    gateway: new URL(gateway),
    echoRoute,
    token: environment.GATEHOUSE_TOKEN ?? null,
    ca: ca === undefined ? null : readFileSync(ca, 'utf8')
  })
  const code = report.findings.some(isFault) ? 1 : isReliable(report) ? 0 : 2
  return { code, text: `${given.json ? JSON.stringify(report) : reportText(report)}\n` }
}

async function echo({ host = '127.0.0.1', port = '8080' }: Given): Promise<Result> {
  const server = echoService()
  await once(server.listen(Number(port), host), 'listening')
  const { address, port: own } = server.address() as AddressInfo
  return { code: 0, text: `echo service on ${address} port ${own}\n`, server }
}
