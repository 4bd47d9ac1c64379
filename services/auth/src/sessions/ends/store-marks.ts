import type { Families } from '../families/families.ts'
import { marksOf } from '../families/run-names.ts'

type MarkOptions = {
  readonly families: Pick<Families, 'run'>
  readonly onOtherStore?: () => void
}

/**
 * Distinguishes a session store that has lost its data from one that other instances do not use.
 */
export function storeMarks({ families, onOtherStore }: MarkOptions) {
  /** of the data that this process has followed, by partition */
  let own: ReturnType<typeof marksOf> = new Map()
  /** of another store, if it was reported */
  let reported = ''
  return {
    /**
     * Compares the run in the database with that of the store. Returns whether the store has lost
     * its data, or a partition of it has. Reports another store once.
     */
    async compare(known: string, now: string): Promise<boolean> {
      const [theirs, ours] = [marksOf(known), marksOf(now)]
      const other = [...ours].filter(([of, mark]) => (theirs.get(of) ?? mark) !== mark)
      if (other.length === 0) return false
      if (other.some(([of, mark]) => mark !== own.get(of))) return true
      // The data of this store has not changed, so a process with another store wrote their mark.
      const theirMarks = [...theirs.values()].join(' ')
      if (theirMarks !== reported && now === (await families.run(known)).name) {
        reported = theirMarks
        onOtherStore?.()
      }
      return false
    },
    follow(now: string): void {
      own = marksOf(now)
    }
  }
}
