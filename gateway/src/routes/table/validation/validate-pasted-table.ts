import { type Environment, SettingsFault } from '@gatehouse/settings/read-settings'
import { readText } from '@gatehouse/settings/read-text'
import { setVariables, variablesIn } from '../../../yaml/expand-variables.ts'
import { filesNamedIn, readRouteTable } from '../load-route-table.ts'
import type { RouteTable } from '../route-table.ts'

/**
 * How many characters variables may add. A text of hundreds of megabytes would end the process, not
 * only the thread that reads it.
 */
const MOST_ADDED = 1024 * 1024

/** What a table is validated with. */
export type Validation = {
  readonly environment: Environment
  /** the file of the table in force */
  readonly file: string
  /** the files that the table in force names */
  readonly files: readonly string[]
  /** AUTH_PAGES_RECENT_SECONDS */
  readonly recentSeconds: number
}

/**
 * Reads a table that an operator has sent, without using it. It can use only variables that the
 * file in force uses, and certificates are read only if the table in force names all of them:
 * otherwise messages could show other secrets of this machine.
 * @throws SettingsFault as `readRouteTable`, and if the values of its variables are too long
 */
export function validatePastedTable(
  yaml: string,
  { environment, file, files }: Omit<Validation, 'recentSeconds'>
): RouteTable {
  const known = variablesIn(readText(file))
  const others = [...variablesIn(yaml)].filter(
    (name) => !known.has(name) && environment[name] !== undefined
  )
  if (others.length > 0) {
    throw new SettingsFault(
      others.map(
        (name) =>
          `routes.yaml: ${name} cannot be used here: the current route table does not use it`
      )
    )
  }
  const added = setVariables(yaml, environment).reduce((sum, { value }) => sum + value.length, 0)
  if (added > MOST_ADDED) {
    throw new SettingsFault(['routes.yaml: the values of its variables make it too long'])
  }
  const named = filesNamedIn(yaml, environment)
  const certificates = named.every((one) => files.includes(one))
  return readRouteTable(yaml, environment, 'routes.yaml', { certificates })
}
