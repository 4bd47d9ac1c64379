import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Figure } from '../figures/figure.ts'
import { median, spread } from '../figures/statistics.ts'

const Recorded = Type.Object({
  id: Type.String(),
  title: Type.String(),
  unit: Type.Enum(['ratio', 'µs', 's', 'MiB', 'bytes', 'count', '%', 'per second']),
  better: Type.Union([Type.Literal('lower'), Type.Literal('higher'), Type.Null()]),
  goal: Type.Union([
    Type.Object({ atMost: Type.Optional(Type.Number()), atLeast: Type.Optional(Type.Number()) }),
    Type.Null()
  ]),
  how: Type.String(),
  rounds: Type.Array(Type.Number()),
  /** null if there is no round */
  median: Type.Union([Type.Number(), Type.Null()]),
  /** the lowest and the highest round; null if there is none */
  spread: Type.Union([Type.Object({ min: Type.Number(), max: Type.Number() }), Type.Null()])
})

const Suite = Type.Object({
  /** when it ended (ISO 8601) */
  date: Type.String(),
  /** ends with `-dirty` if files differed from the commit; null if the sources are not a clone */
  commit: Type.Union([Type.String(), Type.Null()]),
  figures: Type.Array(Recorded)
})

const Machine = Type.Object({
  processor: Type.String(),
  cores: Type.Integer(),
  memoryGiB: Type.Number(),
  system: Type.String(),
  node: Type.String()
})

/** The content of `bench-results.json`. */
const Results = Type.Object({
  format: Type.Literal(1),
  /** short: its counts are right, and its times mean nothing */
  mode: Type.Enum(['thorough', 'short']),
  machine: Machine,
  suites: Type.Record(Type.String(), Suite)
})

export type Recorded = Static<typeof Recorded>
export type Machine = Static<typeof Machine>
export type Results = Static<typeof Results>

const shape = Compile(Results)

/** A file that cannot be read, or that is not a result of the benchmark. */
export class ResultsFault extends Error {
  override readonly name = 'ResultsFault'
}

/** @throws ResultsFault */
export function readResults(file: string): Results {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new ResultsFault(`${file}: ${error instanceof Error ? error.message : error}`)
  }
  if (shape.Check(content)) return content
  const [fault] = shape.Errors(content)
  throw new ResultsFault(
    `${file} is not a result of the benchmark: ${fault?.instancePath} ${fault?.message}`
  )
}

type MeasuredSuite = {
  readonly name: string
  readonly figures: readonly Figure[]
  readonly date: Date
  readonly commit: string | null
}

/**
 * Writes the suite into the file. The file keeps other suites if they were measured in the same way
 * on the same machine.
 */
export function recordSuite(
  file: string,
  { mode, machine }: Pick<Results, 'mode' | 'machine'>,
  { name, figures, date, commit }: MeasuredSuite
): void {
  const suite = { date: date.toISOString(), commit, figures: figures.map(recorded) }
  const before = existsSync(file) ? readResults(file) : null
  const keeps = before?.mode === mode && sameMachine(before.machine, machine)
  const suites = { ...(keeps ? before.suites : {}), [name]: suite }
  const results: Results = { format: 1, mode, machine, suites }
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
}

/** A figure with its median and its spread. */
export const recorded = (figure: Figure): Recorded => ({
  ...figure,
  rounds: [...figure.rounds],
  median: figure.rounds.length === 0 ? null : median(figure.rounds),
  spread: figure.rounds.length === 0 ? null : spread(figure.rounds)
})

/** Whether times and memory of the two can be compared. */
export const sameMachine = (one: Machine, other: Machine): boolean =>
  one.processor === other.processor &&
  one.cores === other.cores &&
  one.node === other.node &&
  one.system === other.system
