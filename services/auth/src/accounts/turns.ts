import { tooManyPasswords } from '../refusals.ts'

/** Does what is about one thing one after the other, and what is about different things at the same time. */
export type Turns = <Result>(about: string, work: () => Promise<Result>) => Promise<Result>

/**
 * @param longest how many may wait for one thing
 * @throws Refusal UNAVAILABLE where as many wait already
 */
export function turns(longest: number): Turns {
  const lines = new Map<string, { last: Promise<unknown>; length: number }>()
  return async (about, work) => {
    const line = lines.get(about) ?? { last: Promise.resolve(), length: 0 }
    if (line.length > longest) throw tooManyPasswords()
    const before = line.last
    line.length += 1
    lines.set(about, line)
    const turn = before.then(work)
    line.last = turn.catch(() => {})
    try {
      return await turn
    } finally {
      line.length -= 1
      if (line.length === 0) lines.delete(about)
    }
  }
}
