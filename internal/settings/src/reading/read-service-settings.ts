import type { Static, TObject, TProperties } from 'typebox'
import { type Environment, readSettings, SettingsFault } from './read-settings.ts'
import { unknownSettings } from './unknown-settings.ts'

/**
 * Reads the settings of a service whose own settings all begin with its name, such as `ECHO_`.
 * @param fileFaultsOf what is wrong with the files that the settings name. It is called only if the
 * settings themselves are right
 * @throws SettingsFault
 */
export function readServiceSettings<Properties extends TProperties>(
  name: string,
  properties: Properties,
  environment: Environment,
  fileFaultsOf: (settings: Static<TObject<Properties>>) => readonly string[]
): Static<TObject<Properties>> {
  const { faults } = unknownSettings(environment, {
    known: Object.keys(properties),
    beginnings: [`${name}_`],
    others: [`${name}_URL`]
  })
  const settings = readSettings(properties, environment, () => faults)
  const fileFaults = fileFaultsOf(settings)
  if (fileFaults.length > 0) throw new SettingsFault(fileFaults)
  return settings
}
