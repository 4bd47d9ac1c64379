import { setTimeout as sleep } from 'node:timers/promises'
import type { KeySetFetches } from './key-set-fetches.ts'

const PAUSE_MS = 200
const ATTEMPTS = 50

type Options = {
  /** the name that the issuer gives to the set that this gateway has */
  readonly issuerVersion: () => string
  readonly fetches: Pick<KeySetFetches, 'underWay' | 'refresh'>
  /** is called if an announced set does not come */
  readonly onFault: (reason: string) => void
  /** is aborted when the process ends */
  readonly ended: AbortSignal
  /** between two fetches */
  readonly pauseMs?: number
}

/** Fetches the key sets that the issuer announces. */
export function announcedSets(options: Options) {
  const { issuerVersion, fetches, onFault, ended, pauseMs = PAUSE_MS } = options
  let wanted = ''
  let catchingUp: Promise<void> | null = null

  const fetchVersion = async (version: string): Promise<void> => {
    wanted = version
    // An instance of the issuer may not know the new set yet, so a fetch may return the previous
    // one.
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (ended.aborted || wanted !== version || issuerVersion() === version) return
      // A fetch in progress may have begun before the change.
      if (fetches.underWay !== null) await fetches.underWay
      await fetches.refresh()
      if (issuerVersion() !== version) await pause(pauseMs, ended)
    }
    onFault(`the announced key set did not come in ${ATTEMPTS} fetches`)
  }
  return {
    /** the announced set is on its way; null if this gateway has it, or has given up */
    coming: () => catchingUp,
    /** Fetches until it has the set of this version, or until another version is announced. */
    catchUp(version: string): Promise<void> {
      const catching = fetchVersion(version).finally(() => {
        if (catchingUp === catching) catchingUp = null
      })
      catchingUp = catching
      return catching
    }
  }
}

/** Waits, but not longer than the process runs. */
const pause = (milliseconds: number, ended: AbortSignal): Promise<void> =>
  sleep(milliseconds, undefined, { signal: ended }).catch(() => {})
