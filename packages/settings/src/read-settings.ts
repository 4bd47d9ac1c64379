import { envSchema } from 'env-schema'
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

type AjvFault = { instancePath: string; message?: string; params: Record<string, unknown> }

/**
 * Reads settings from environment variables. An empty variable counts as unset, as in compose files.
 * @throws SettingsFault with all faults at once
 */
export function readSettings<Properties extends TProperties>(
  properties: Properties,
  environment: Environment
): Static<TObject<Properties>> {
  const data = Object.fromEntries(Object.entries(environment).filter(([, value]) => value))
  try {
    return envSchema<Static<TObject<Properties>>>({
      schema: Type.Object(properties),
      data,
      env: false,
      dotenv: false
    })
  } catch (error) {
    const faults = (error as { errors?: AjvFault[] }).errors
    if (faults === undefined) throw error
    throw new SettingsFault(faults.map(describe))
  }
}

function describe(fault: AjvFault): string {
  const name = fault.instancePath.slice(1) || String(fault.params.missingProperty ?? 'settings')
  return `${name} ${fault.message ?? 'is not valid'}`
}
