import { loadEnvFile } from '@gatehouse/settings/env-file'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { runCommand } from './run-command.ts'

try {
  loadEnvFile(process.env)
  process.exitCode = await runCommand(process.argv.slice(2), process.env, process)
} catch (error) {
  if (!(error instanceof SettingsFault)) throw error
  process.stderr.write(`${error.faults.join('\n')}\n`)
  process.exitCode = 1
}
