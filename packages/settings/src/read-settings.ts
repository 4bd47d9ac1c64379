import { Ajv, type ErrorObject } from 'ajv'
import { type Static, type TObject, type TProperties, Type } from 'typebox'
import { mustBe, type SchemaNode } from './allowed-values.ts'
import { isHostName, isHttpUrl } from './formats.ts'
import { readSecretFiles, SECRET_OF } from './secret.ts'

/** The settings are not usable: every fault, by the variable's name, never its value. */
export class SettingsFault extends Error {
  override readonly name = 'SettingsFault'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The settings are not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

/**
 * What is read from a file that a setting names; null if it cannot be used.
 * @param faults gets every fault, with the name of the setting
 */
export function collectFaults<Content>(
  faults: string[],
  setting: string,
  read: () => Content
): Content | null {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SettingsFault)) throw error
    faults.push(...error.faults.map((fault) => `${setting}: ${fault}`))
    return null
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
  formats: { host: isHostName, 'http-url': isHttpUrl },
  keywords: [SECRET_OF],
  code: { optimize: false }
})

/**
 * Reads settings from environment variables. An empty variable counts as unset, as in compose files. White space around a value
 * does not count: a file with Windows line ends leaves some behind. A secret may be in a file instead (`secret`).
 * @param faultsOf what a schema cannot say. It is also asked where others are wrong, and must take any text for a setting
 * @throws SettingsFault with all faults at once
 */
export function readSettings<Properties extends TProperties>(
  properties: Properties,
  environment: Environment,
  faultsOf: (settings: Static<TObject<Properties>>) => readonly string[] = () => []
): Static<TObject<Properties>> {
  const set = valuesOf(environment)
  const secrets = readSecretFiles(properties, set)
  const given = { ...set, ...secrets.values }
  const data: Record<string, unknown> = { ...given }
  for (const [name, value] of Object.entries(given)) {
    if (isNumber(properties[name]) && !DECIMAL.test(value)) data[name] = 'not decimal'
  }
  const schema = Type.Object(properties, { additionalProperties: false })
  const isValid = ajv.compile<Static<TObject<Properties>>>(schema)
  const isUsable = isValid(data)
  const more = [...secrets.faults, ...faultsOf(data as Static<TObject<Properties>>)]
  if (isUsable && more.length === 0) return data as Static<TObject<Properties>>
  const wrong = new Set((isValid.errors ?? []).map(nameOf))
  const faults = [...wrong].map((name) => faultOf(name, given[name], properties))
  throw new SettingsFault([...faults, ...more])
}

/** JavaScript also reads 0x10 and 1e3 as numbers, which are rather mistakes. */
const DECIMAL = /^-?\d+(\.\d+)?$/

const isNumber = (schema: SchemaNode | undefined): boolean =>
  schema?.type === 'integer' || schema?.type === 'number'

const valuesOf = (environment: Environment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment)
      .map(([name, value]) => [name, value?.trim() ?? ''] as const)
      .filter(([, value]) => value !== '')
  )

const nameOf = ({ instancePath, params }: ErrorObject): string =>
  instancePath.slice(1) || String(params.missingProperty ?? 'settings')

function faultOf(name: string, value: unknown, properties: TProperties): string {
  if (value === undefined) return `${name} must be set`
  const hint = isServiceLink(value)
    ? '; Kubernetes sets this variable for a Service of that name, unless the pod has enableServiceLinks: false'
    : ''
  return `${name} ${mustBe(properties[name] ?? {}, value)}${hint}`
}

/** What Kubernetes writes into `<SERVICE>_PORT` of each pod. */
const isServiceLink = (value: unknown): boolean => /^(tcp|udp|sctp):\/\//.test(String(value))
