import { Ajv, type ErrorObject } from 'ajv'
import { type Static, type TObject, type TProperties, Type } from 'typebox'

/** The settings are not usable: every fault, by the variable's name, never its value. */
export class SettingsFault extends Error {
  override readonly name = 'SettingsFault'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The settings are not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

const ajv = new Ajv({
  allErrors: true,
  coerceTypes: true,
  useDefaults: true,
  removeAdditional: true,
  addUsedSchema: false,
  // TypeBox makes the schema. Checking it against the meta-schema takes longer than reading the settings.
  meta: false,
  validateSchema: false,
  code: { optimize: false }
})

/**
 * Reads settings from environment variables. An empty variable counts as unset, as in compose files.
 * @param faultsOf what a schema cannot say. It is also asked where others are wrong, and must take any text for a setting
 * @throws SettingsFault with all faults at once
 */
export function readSettings<Properties extends TProperties>(
  properties: Properties,
  environment: Environment,
  faultsOf: (settings: Static<TObject<Properties>>) => readonly string[] = () => []
): Static<TObject<Properties>> {
  const data = Object.fromEntries(Object.entries(environment).filter(([, value]) => value))
  const schema = Type.Object(properties, { additionalProperties: false })
  const isValid = ajv.compile<Static<TObject<Properties>>>(schema)
  const isUsable = isValid(data)
  const more = faultsOf(data as Static<TObject<Properties>>)
  if (isUsable && more.length === 0) return data
  throw new SettingsFault([...(isValid.errors ?? []).map(describe), ...more])
}

function describe(fault: ErrorObject): string {
  const name = fault.instancePath.slice(1) || String(fault.params.missingProperty ?? 'settings')
  return `${name} ${fault.message ?? 'is not valid'}`
}
