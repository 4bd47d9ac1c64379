import { runProcess } from '@gatehouse/process/run-process'
import { loadEnvFile } from '@gatehouse/settings/env-file'
import { consoleAddress } from './console-address.ts'
import { firstScreen } from './first-screen.ts'
import { startSystem } from './whole-system.ts'

await runProcess(async () => {
  loadEnvFile(process.env)
  // On a terminal, a person wants to read the screen, not the log.
  const quiet = process.stdout.isTTY ? { LOG_LEVEL: 'warn' } : {}
  const system = await startSystem({ ...quiet, ...process.env })
  const folder = process.env.GATEHOUSE_DATA_DIR || '.gatehouse'
  process.stdout.write(firstScreen(system, await consoleAddress(system, process.env), folder))
  return system
})
