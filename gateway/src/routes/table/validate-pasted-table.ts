import { type Environment, SettingsFault } from '@gatehouse/settings/read-settings'
import { readText } from '@gatehouse/settings/read-text'
import { variablesIn } from '../../yaml/expand-variables.ts'
import { filesNamedIn, readRouteTable } from './load-route-table.ts'
import type { RouteTable } from './route-table.ts'

type Validation = {
  readonly environment: Environment
  /** the file of the table in force */
  readonly file: string
  readonly current: RouteTable
}

/**
 * Reads a table that an operator has sent, without using it. It can use only variables that the
 * file in force uses, and certificates are read only if the table in force names all of them:
 * otherwise messages could show other secrets of this machine.
 * @throws SettingsFault as `readRouteTable`
 */
export function validatePastedTable(
  yaml: string,
  { environment, file, current }: Validation
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
  const named = filesNamedIn(yaml, environment)
  const certificates = named.every((one) => current.files.includes(one))
  return readRouteTable(yaml, environment, 'routes.yaml', { certificates })
}
