import { type BigIntStats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'

/** What tells one state of some files from another, without their contents. */
export type FilesState = string

/** The state of files that are about to be read. */
export const stateOf = (files: readonly string[]): FilesState => files.map(stamp).join()

/**
 * Calls once after the last of several changes since `read`: what replaces a certificate writes one
 * file after the other, and in between they do not go together.
 *
 * Polls the files, because they may be links into a folder that is replaced, as in Kubernetes.
 * `fs.watchFile` does not do: it takes its first state some time after it was called, and never
 * sees what changed between the reading and then.
 */
export function watchFiles(
  files: readonly string[],
  read: FilesState,
  { tell, intervalMs }: { readonly tell: () => void; readonly intervalMs: number }
): { close(): void } {
  let known = read
  let isSettled = true
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    const now = (await Promise.all(files.map(lateStamp))).join()
    if (isClosed) return
    if (now === known && !isSettled) tell()
    isSettled = now === known
    known = now
    schedule()
  }
  const schedule = (): void => {
    timer = setTimeout(() => void look(), intervalMs).unref()
  }
  schedule()
  return {
    close() {
      isClosed = true
      clearTimeout(timer)
    }
  }
}

function stamp(file: string): string {
  try {
    return textOf(statSync(file, { bigint: true }))
  } catch (error) {
    return codeOf(error)
  }
}

const lateStamp = (file: string): Promise<string> =>
  stat(file, { bigint: true }).then(textOf, codeOf)

const textOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(' ')

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''
