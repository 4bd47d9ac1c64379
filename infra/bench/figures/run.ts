/** How thoroughly a suite measures, and whom it tells what it does. */
export type Run = {
  readonly tell: (line: string) => void
  /** the least that runs every part: its counts are right, and its times mean nothing */
  readonly isShort: boolean
  /** of each figure */
  readonly rounds: number
  /** of load per round */
  readonly seconds: number
  /** how many requests, sessions or tokens a part uses */
  scaled(count: number): number
}

/** As published figures are measured. */
export const thorough = (tell: Run['tell']): Run => ({
  tell,
  isShort: false,
  rounds: 5,
  seconds: 3,
  scaled: (count) => count
})

/** As CI runs it. */
export const short = (tell: Run['tell']): Run => ({
  tell,
  isShort: true,
  rounds: 1,
  seconds: 1,
  scaled: (count) => Math.ceil(count / 100)
})
