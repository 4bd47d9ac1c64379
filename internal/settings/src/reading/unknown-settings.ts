import { isOneEditAway, nearestName, similarName } from '../messages/nearest-name.ts'
import type { Environment } from './read-settings.ts'

/** The names of settings that a service could read. */
type SettingNames = {
  readonly known: readonly string[]
  /** the prefixes of its settings, for example `GATEWAY_` */
  readonly beginnings: readonly string[]
  /** settings of other programs with the same prefix */
  readonly others?: readonly string[]
}

type UnknownSettings = {
  /** names that can only be misspelt settings, which would silently have no effect */
  readonly faults: readonly string[]
  /** names that may be meant for another program */
  readonly warnings: readonly string[]
}

/** Variables that look like settings of a service but are not. The values are not read. Pure. */
export function unknownSettings(environment: Environment, names: SettingNames): UnknownSettings {
  const { known, beginnings, others = [] } = names
  const all = new Set([...known, ...others])
  const candidates = Object.keys(environment).filter(
    (name) => !all.has(name) && !SERVICE_LINK.test(name)
  )
  const begins = (name: string) =>
    beginnings.some((beginning) => name.toUpperCase().startsWith(beginning))
  const unknown = candidates.filter(begins)
  const faults: string[] = []
  const warnings: string[] = []
  for (const name of unknown) {
    const similar = ofSettings(similarName, name, names)
    const nearest = similar ?? ofSettings(nearestName, name, names) ?? withoutPrefix(name, names)
    const text = `${name} is not a setting${nearest === undefined ? '' : ` (nearest: ${nearest})`}`
    ;(similar === undefined ? warnings : faults).push(text)
  }
  // Another program may have a variable of such a name.
  for (const name of candidates.filter((one) => !begins(one))) {
    const near = known.find((one) => isOneEditAway(name, one))
    if (near !== undefined) warnings.push(`${name} is not a setting (nearest: ${near})`)
  }
  return { faults, warnings }
}

/** `REDIS_URL` for `GATEWAY_REDIS_URL`: the setting of all services has no prefix of one. */
function withoutPrefix(name: string, { known, beginnings }: SettingNames): string | undefined {
  const begun = beginnings.find((beginning) => name.startsWith(beginning)) ?? ''
  return known.find((one) => one === name.slice(begun.length))
}

/** Compares names without their prefix: a common prefix does not make two names similar. */
function ofSettings(find: typeof nearestName, name: string, names: SettingNames) {
  const begun = (one: string) => names.beginnings.find((beginning) => one.startsWith(beginning))
  const beginning = begun(name.toUpperCase()) ?? ''
  const rests = names.known
    .filter((one) => begun(one) === beginning)
    .map((one) => one.slice(beginning.length))
  const found = find(name.slice(beginning.length), rests)
  return found === undefined ? undefined : `${beginning}${found}`
}

/**
 * The variables that Kubernetes sets in each pod for a Service, for example for one with the name
 * `auth`.
 */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP|SCTP)/
