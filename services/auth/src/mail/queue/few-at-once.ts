import type { Refusal } from '@gatehouse/problem/refusal'

/** Runs work now, or after other work. */
type FewAtOnce = <Result>(work: () => Promise<Result>) => Promise<Result>

/**
 * @param most how much work is under way at a time
 * @param mostWaiting how much may wait for it
 * @param refusal thrown if as much waits already
 */
export function fewAtOnce(most: number, mostWaiting: number, refusal: () => Refusal): FewAtOnce {
  const waiting: (() => void)[] = []
  let underWay = 0
  return async (work) => {
    if (underWay < most) underWay += 1
    else if (waiting.length >= mostWaiting) throw refusal()
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) underWay -= 1
      else next()
    }
  }
}
