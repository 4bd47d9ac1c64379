import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import type { Test } from 'tap'
import { read } from './source-files.ts'

/** More than a file sends before the test that tries the limit. */
export const LOGINS_PER_MINUTE = 100

/** The shipped route table with a lower limit for what proves an identity; the path of its file. */
export function fewLogins(t: Test): string {
  const file = join(dataFolder(t), 'routes.yaml')
  const shipped = read('gateway/routes.yaml')
  writeFileSync(file, shipped.replaceAll('max: 600,', `max: ${LOGINS_PER_MINUTE},`))
  return file
}
