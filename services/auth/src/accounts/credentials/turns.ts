import type { Refusal } from '@gatehouse/problem/refusal'

/** Runs work about the same subject in sequence, and work about different subjects in parallel. */
export type Turns = <Result>(about: string, work: () => Promise<Result>) => Promise<Result>

/**
 * @param longest how many calls may wait for one subject
 * @param refusal thrown if as many calls are waiting already
 */
export function turns(longest: number, refusal: () => Refusal): Turns {
  const lines = new Map<string, { last: Promise<unknown>; length: number }>()
  return async (about, work) => {
    const line = lines.get(about) ?? { last: Promise.resolve(), length: 0 }
    if (line.length > longest) throw refusal()
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
