import { existsSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { readText } from './read-text.ts'

/**
 * Adds the settings of a file to the environment, which takes precedence. Without the file, nothing
 * happens.
 * @throws SettingsFault if the file cannot be read
 */
export function loadEnvFile(environment: NodeJS.ProcessEnv, file = '.env'): void {
  if (!existsSync(file)) return
  for (const [name, value] of Object.entries(parseEnv(readText(file)))) environment[name] ??= value
}
