/** What one file of a batch took. */
export type Mark = { readonly file: string; readonly wallMs: number; readonly cpuMs: number }

const WORD = 'suite-mark'

export const markOf = (mark: Mark): string => `${WORD} ${JSON.stringify(mark)}`

/** The marks in what a batch has printed, in order. */
export const marksIn = (stdout: string): Mark[] =>
  [...stdout.matchAll(new RegExp(`# ${WORD} (\\{.*\\})$`, 'gm'))].map(
    ([, json]) => JSON.parse(json ?? '') as Mark
  )
