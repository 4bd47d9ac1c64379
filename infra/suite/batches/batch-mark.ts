/** The time that one file of a batch took. */
type Mark = { readonly file: string; readonly wallMs: number; readonly cpuMs: number }

const WORD = 'suite-mark'

export const markOf = (mark: Mark): string => `${WORD} ${JSON.stringify(mark)}`

/** The marks in the output of a batch, in order. */
export const marksIn = (stdout: string): Mark[] =>
  [...stdout.matchAll(new RegExp(`# ${WORD} (\\{.*\\})$`, 'gm'))].map(
    ([, json]) => JSON.parse(json ?? '') as Mark
  )
