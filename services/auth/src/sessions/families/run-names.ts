import { hash } from 'node:crypto'
import type { Partition } from '@gatehouse/redis/partitions'

/**
 * The name of a run of the store. Of a single server, it is the reply of `lua/run.lua`:
 * `<run>:<history>:<mark>`; the mark is lost with all data. Of the servers of several partitions,
 * it is a digest of each, with the partition: `p0=<run and history>:<mark>,p1=…`.
 */
export type RunParts = ReadonlyMap<Partition, string>

const SEPARATOR = ','

/** @param parts the replies of `lua/run.lua`, by partition */
export function partsOfRuns(parts: RunParts): RunParts {
  return new Map([...parts].map(([partition, reply]) => [partition, shortened(reply)]))
}

export const nameOf = (parts: RunParts): string =>
  [...parts].map(([partition, run]) => `${partition}=${run}`).join(SEPARATOR)

/** The parts of a name, whose partition is empty if it is of a single server. */
export function partsOf(name: string): RunParts {
  // In the database, more may follow the name (`revocations/store-run.ts`).
  const [text = ''] = name.split(' ')
  return new Map(text.split(SEPARATOR).map((part) => split(part, '=')))
}

/** The marks of a run, by partition. */
export function marksOf(name: string): ReadonlyMap<Partition, string> {
  const marks = [...partsOf(name)].map(([partition, run]) => [partition, markOf(run)] as const)
  return new Map(marks.filter(([, mark]) => mark !== ''))
}

/** The mark in a reply of `lua/run.lua`, or in a part of a name; empty if there is none. */
export const markOf = (run: string): string => /:([^:]+)$/.exec(run)?.[1] ?? ''

function shortened(reply: string): string {
  const at = reply.lastIndexOf(':')
  return `${digest(reply.slice(0, at))}:${digest(reply.slice(at + 1))}`
}

function split(part: string, by: string): [before: string, after: string] {
  const at = part.indexOf(by)
  return at < 0 ? ['', part] : [part.slice(0, at), part.slice(at + 1)]
}

const digest = (text: string): string => hash('sha256', text, 'hex').slice(0, 16)
