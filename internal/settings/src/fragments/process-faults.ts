import { blockedPortFault } from './blocked-ports.ts'
import { drainFaults } from './drain-times.ts'

type ProcessSettings = Parameters<typeof drainFaults>[0] & {
  readonly [setting: `${string}_PORT`]: number | undefined
  readonly [setting: `${string}_HOST`]: string | undefined
}

/**
 * What is wrong with the settings that every process has: those of its listeners, and
 * DRAIN_SECONDS.
 * @param listeners the prefixes of their settings; one without a host has that of the first
 */
export function processFaults(settings: ProcessSettings, listeners: readonly string[]): string[] {
  const [service = ''] = listeners
  const places = listeners.map((name) => ({
    setting: `${name}_PORT`,
    port: settings[`${name}_PORT`] ?? 0,
    host: settings[`${name}_HOST`] ?? settings[`${service}_HOST`] ?? ''
  }))
  const twice = places.flatMap((one, index) =>
    places
      .slice(index + 1)
      .filter((other) => one.port !== 0 && one.port === other.port && meet(one.host, other.host))
      .map(
        (other) =>
          `${one.setting} and ${other.setting} are both ${one.port}: each listener must have a port of its own`
      )
  )
  const blocked = places.flatMap(({ setting, port }) => {
    // 0 means any free port.
    const fault = port === 0 ? null : blockedPortFault(port)
    return fault === null ? [] : [`${setting}: ${fault}`]
  })
  return [...drainFaults(settings), ...twice, ...blocked]
}

const EVERY_ADDRESS = new Set(['0.0.0.0', '::'])

/** Whether two listeners with one port would use the same address. */
const meet = (one: string, other: string): boolean =>
  one === other || EVERY_ADDRESS.has(one) || EVERY_ADDRESS.has(other)
