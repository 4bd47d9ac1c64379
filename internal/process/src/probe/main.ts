import { defaultPorts } from '@gatehouse/settings/default-ports'
import { schemeOf } from '../listening/derived-addresses.ts'
import { askListener } from './ask-listener.ts'

// The health check of a container (docs/probes.md), by the settings of the listener:
// node internal/process/src/probe/main.ts AUTH_OPS [/readyz]
// The exit code is 0 if the status is 200.
const [listener = '', path = '/readyz'] = process.argv.slice(2)
const setting = `${listener}_PORT`
const ports = new Map<string, number>(Object.entries(defaultPorts))
const port = process.env[setting] || ports.get(setting)
const names = [...ports.keys()].map((name) => name.replace(/_PORT$/, ''))

/** Why the listener does not pass the check; null if it does. */
async function faultOf(): Promise<string | null> {
  if (!ports.has(setting)) return `name a listener: one of ${names.join(', ')}`
  const url = `${schemeOf(listener, process.env)}://127.0.0.1:${port}${path}`
  try {
    const { status, body } = await askListener(listener, url, process.env)
    return status === 200 ? null : `${url}: status ${status} ${body.slice(0, 300)}`
  } catch (error) {
    return `${url}: ${error instanceof Error ? error.message : 'no response'}`
  }
}

const fault = await faultOf()
if (fault !== null) {
  process.stderr.write(`${fault}\n`)
  process.exitCode = 1
}
