import { defaultPorts } from '@gatehouse/settings/default-ports'
import { schemeOf } from '../listening/derived-addresses.ts'
import { askListener } from './ask-listener.ts'

// The health check of a container (docs/probes.md), by the settings of the listener:
// node internal/process/src/probe/main.ts AUTH_OPS [/readyz]
// The exit code is 0 if the answer is 200.
const [listener = '', path = '/readyz'] = process.argv.slice(2)
const setting = `${listener}_PORT`
const port =
  process.env[setting] || new Map<string, number>(Object.entries(defaultPorts)).get(setting)
const { status } = await askListener(
  listener,
  `${schemeOf(listener, process.env)}://127.0.0.1:${port}${path}`,
  process.env
).catch(() => ({ status: 0 }))
process.exitCode = status === 200 ? 0 : 1
