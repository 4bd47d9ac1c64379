import { parseArgs } from 'node:util'

/** What `npm run bench -- …` was asked to do. */
export type Command =
  | {
      readonly kind: 'measure'
      readonly suites: string[]
      readonly short: boolean
      readonly out: string
    }
  | { readonly kind: 'compare'; readonly before: string; readonly after: string }
  | { readonly kind: 'draw'; readonly file: string }
  | { readonly kind: 'simulate' }

/** A mistake in the arguments. */
export class UsageFault extends Error {
  override readonly name = 'UsageFault'
}

export const usage = `npm run bench -- [SUITE…] [--short] [--out FILE]   measures, prints, writes and draws
npm run bench -- compare BEFORE.json AFTER.json     says what is worse and what is better
npm run bench -- draw FILE.json                     draws the pictures of a result again
npm run bench -- simulate           simulates storms of refreshes, and draws them for the documentation
`

/** What is not a measurement. */
const OTHERS = new Set(['compare', 'draw', 'simulate'])

/**
 * @param known the names of the suites
 * @throws UsageFault
 */
export function readCommand(args: readonly string[], known: readonly string[]): Command {
  const { values, positionals } = parsed(args)
  const [first, ...rest] = positionals
  const isMeasuring = first === undefined || !OTHERS.has(first)
  if (!isMeasuring && Object.keys(values).length > 0) {
    throw new UsageFault(`${first} has no options`)
  }
  if (first === 'compare') {
    const [before, after, more] = rest
    if (before === undefined || after === undefined || more !== undefined) {
      throw new UsageFault('compare needs two files')
    }
    return { kind: 'compare', before, after }
  }
  if (first === 'simulate') {
    if (rest.length > 0) throw new UsageFault('simulate has no arguments')
    return { kind: 'simulate' }
  }
  if (first === 'draw') {
    const [file, more] = rest
    if (file === undefined || more !== undefined) throw new UsageFault('draw needs one file')
    return { kind: 'draw', file }
  }
  const unknown = positionals.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new UsageFault(`no such suite: ${unknown.join(', ')}. There are: ${known.join(', ')}`)
  }
  const { short = false, out = 'bench-results.json' } = values
  return { kind: 'measure', suites: positionals.length > 0 ? positionals : [...known], short, out }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { short: { type: 'boolean' }, out: { type: 'string' } }
    })
  } catch (error) {
    throw new UsageFault(error instanceof Error ? error.message : String(error))
  }
}
