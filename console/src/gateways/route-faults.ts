import type { Gateway } from '../api/responses.ts'
import { count } from '../parts/text.ts'

/** Gateways whose route files have the same faults. */
export type FaultyFile = {
  /** their names */
  readonly gateways: readonly string[]
  readonly faults: readonly string[]
}

/** The faults of the route files, and which gateways have them. Pure. */
export function faultyFiles(gateways: readonly Gateway[]): FaultyFile[] {
  const files = new Map<string, { gateways: string[]; faults: readonly string[] }>()
  for (const { name, routeFaults: faults } of gateways) {
    if (faults === null || faults.length === 0) continue
    const key = JSON.stringify(faults)
    const file = files.get(key) ?? { gateways: [], faults }
    files.set(key, file)
    file.gateways.push(name)
  }
  return [...files.values()]
}

/** What a faulty file means. */
export const faultText = ({ gateways }: FaultyFile): string =>
  gateways.length === 1
    ? `The route file of ${gateways[0]} has faults. The gateway keeps the previous table, and would not start with this file.`
    : `The route files of ${count(gateways.length, 'gateway')} have faults. They keep the previous table, and would not start with this file.`
