import { nearestName, similarName } from './nearest-name.ts'
import type { Environment } from './read-settings.ts'

/** The names of settings that a service could read. */
export type SettingNames = {
  readonly known: readonly string[]
  /** how its settings begin, for example `GATEWAY_` */
  readonly beginnings: readonly string[]
  /** settings of other programs that begin alike */
  readonly others?: readonly string[]
}

export type UnknownSettings = {
  /** what can only be a misspelt setting, and would be ignored in silence */
  readonly faults: readonly string[]
  /** what may be meant for another program */
  readonly warnings: readonly string[]
}

/** Variables that look like settings of a service and are not. The values are not looked at. Pure. */
export function unknownSettings(environment: Environment, names: SettingNames): UnknownSettings {
  const { known, beginnings, others = [] } = names
  const all = new Set([...known, ...others])
  const unknown = Object.keys(environment).filter(
    (name) =>
      beginnings.some((beginning) => name.toUpperCase().startsWith(beginning)) &&
      !all.has(name) &&
      !SERVICE_LINK.test(name)
  )
  const faults: string[] = []
  const warnings: string[] = []
  for (const name of unknown) {
    const similar = ofSettings(similarName, name, names)
    const nearest = similar ?? ofSettings(nearestName, name, names)
    const text = `${name} is not a setting${nearest === undefined ? '' : ` (nearest: ${nearest})`}`
    ;(similar === undefined ? warnings : faults).push(text)
  }
  return { faults, warnings }
}

/** Compares names without their beginning: to have that in common is no sign that one was meant for the other. */
function ofSettings(find: typeof nearestName, name: string, names: SettingNames) {
  const begun = (one: string) => names.beginnings.find((beginning) => one.startsWith(beginning))
  const beginning = begun(name.toUpperCase()) ?? ''
  const rests = names.known
    .filter((one) => begun(one) === beginning)
    .map((one) => one.slice(beginning.length))
  const found = find(name.slice(beginning.length), rests)
  return found === undefined ? undefined : `${beginning}${found}`
}

/** The variables that Kubernetes sets in each pod for a Service, for example for one that is named `auth`. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP|SCTP)/
