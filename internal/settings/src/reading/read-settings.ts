import { type Static, type TObject, type TProperties, Type } from 'typebox'
import { Value } from 'typebox/value'
import { mustBe, type SchemaNode, textFault } from '../messages/allowed-values.ts'
import { readSecretFiles } from './secret.ts'

/** The settings cannot be used: every fault, by the name of the setting, never its value. */
export class SettingsFault extends Error {
  override readonly name = 'SettingsFault'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`Invalid settings:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

/**
 * Reads a file that a setting names; null if it cannot be used.
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

/** Settings as they were given, and the faults that their schemas have found. */
type GivenSettings<Properties extends TProperties> = {
  /** one with a fault has the value that was given, whatever its type says */
  readonly settings: Static<TObject<Properties>>
  /**
   * Refuses the settings if they have a fault.
   * @param more the faults that a schema cannot find. One of a setting that has a fault already is
   * left out
   * @throws SettingsFault with all faults at once
   */
  refuseFaults(more: readonly string[]): void
}

/**
 * Reads settings from environment variables. An empty variable counts as unset, as in compose
 * files. White space around a value does not count: a file with Windows line ends leaves some
 * behind. A secret may be in a file instead (`secret`).
 */
export function givenSettings<Properties extends TProperties>(
  properties: Properties,
  environment: Environment
): GivenSettings<Properties> {
  const set = valuesOf(environment)
  const secrets = readSecretFiles(properties, set)
  const given = { ...set, ...secrets.values }
  const data: Record<string, unknown> = {}
  const faults: string[] = []
  for (const [name, schema] of Object.entries<SettingSchema>(properties)) {
    const value = heldValue(schema, given[name])
    if (value !== undefined) data[name] = value
    if (!isAllowed(schema, value)) faults.push(faultOf(name, given[name], schema))
  }
  faults.push(...secrets.faults)
  return {
    settings: data as Static<TObject<Properties>>,
    refuseFaults(more) {
      const named = new Set(faults.map(settingOf))
      const all = [...faults, ...more.filter((fault) => !named.has(settingOf(fault)))]
      if (all.length > 0) throw new SettingsFault(all.map((fault) => aboutQuotes(fault, set)))
    }
  }
}

/**
 * The same, for settings whose other faults depend on nothing else.
 * @param faultsOf finds what a schema cannot. It is also called if other settings are wrong, so it
 * must accept any text
 * @throws SettingsFault with all faults at once
 */
export function readSettings<Properties extends TProperties>(
  properties: Properties,
  environment: Environment,
  faultsOf: (settings: Static<TObject<Properties>>) => readonly string[] = () => []
): Static<TObject<Properties>> {
  const { settings, refuseFaults } = givenSettings(properties, environment)
  refuseFaults(faultsOf(settings))
  return settings
}

type SettingSchema = SchemaNode & { readonly default?: unknown }

/** What a setting holds: its text, the number that its text is, or its default. */
function heldValue(schema: SettingSchema, text: string | undefined): unknown {
  if (text === undefined) return schema.default
  return isNumber(schema) && DECIMAL.test(text) ? Number(text) : text
}

function isAllowed(schema: SettingSchema, value: unknown): boolean {
  if (value === undefined) return Type.IsOptional(schema)
  return Value.Check(schema, value) && textFault(schema, value) === null
}

/** The setting that a fault begins with. */
const settingOf = (fault: string): string => /^[A-Z_]+/.exec(fault)?.[0] ?? ''

/** `docker run --env-file`, for example, keeps the quotation marks around a value. */
function aboutQuotes(fault: string, set: Readonly<Record<string, string>>): string {
  return /^(["']).*\1$/s.test(set[settingOf(fault)] ?? '')
    ? `${fault}; remove the quotation marks around it`
    : fault
}

/** JavaScript also reads 0x10 and 1e3 as numbers, but in settings these are probably mistakes. */
const DECIMAL = /^-?\d+(\.\d+)?$/

const isNumber = ({ type }: SchemaNode): boolean => type === 'integer' || type === 'number'

const valuesOf = (environment: Environment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment)
      .map(([name, value]) => [name, value?.trim() ?? ''] as const)
      .filter(([, value]) => value !== '')
  )

function faultOf(name: string, value: string | undefined, schema: SettingSchema): string {
  if (value === undefined) return `${name} must be set`
  const hint = isServiceLink(value)
    ? '; Kubernetes sets this variable for a Service of that name, unless the pod has enableServiceLinks: false'
    : ''
  return `${name} ${mustBe(schema, value)}${hint}`
}

/** The form that Kubernetes writes into `<SERVICE>_PORT` of each pod. */
const isServiceLink = (value: string): boolean => /^(tcp|udp|sctp):\/\//.test(value)
