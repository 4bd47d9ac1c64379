import type { Readable } from 'node:stream'
import { tooManyEventStreams, tooManyOwnEventStreams } from '../../http-refusals.ts'

/** How many streams an auth service has, and how many of them one operator may have. */
const MOST = 50
const MOST_OF_ONE = 10

export type StreamPlaces = {
  /**
   * Opens a stream of an operator. Its place is taken before the stream is there, so simultaneous
   * requests cannot exceed the limits, and is free again when the stream is closed.
   * @throws Refusal UNAVAILABLE
   */
  open(name: string, make: () => Promise<Readable>): Promise<Readable>
}

/** Places for streams. One operator cannot take those of all others. */
export function streamPlaces(): StreamPlaces {
  const taken: string[] = []
  return {
    async open(name, make) {
      if (taken.length >= MOST) throw tooManyEventStreams()
      if (taken.filter((one) => one === name).length >= MOST_OF_ONE) throw tooManyOwnEventStreams()
      taken.push(name)
      const leave = (): void => {
        taken.splice(taken.indexOf(name), 1)
      }
      try {
        return (await make()).once('close', leave)
      } catch (error) {
        leave()
        throw error
      }
    }
  }
}
