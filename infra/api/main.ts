import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSystem } from '@gatehouse/start/whole-system'
import { apiFile, apiFiles, consoleTypesFile } from './api-files.ts'
import { collectRoutes } from './collect-routes.ts'
import { consoleTypes } from './console-types.ts'

// Writes api/*.json, and the types of the console. The routes are those of a running system, in a
// folder of its own.
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-api-'))
const ports = ['GATEWAY', 'AUTH', 'ORDERS', 'ECHO'].flatMap((service) => [
  [`${service}_PORT`, '0'],
  [`${service}_OPS_PORT`, '0']
])
const settings = { LOG_LEVEL: 'silent', GATEHOUSE_DATA_DIR: folder, ...Object.fromEntries(ports) }
try {
  const { started, listeners } = await collectRoutes(() => startSystem(settings))
  for (const [name, document] of Object.entries(apiFiles)) {
    writeFileSync(apiFile(name), document(listeners))
    process.stdout.write(`api/${name}\n`)
  }
  writeFileSync(consoleTypesFile, consoleTypes(readFileSync(apiFile('operator.json'), 'utf8')))
  await started.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
