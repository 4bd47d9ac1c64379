import { pauseAfter } from './fetch-pauses.ts'
import type { KeySetFetches } from './key-set-fetches.ts'

type Fetches = Pick<KeySetFetches, 'refresh' | 'failures' | 'quietForMs'>

/**
 * Fetches the key set now, and then again and again.
 * @param longestMs the longest pause between two fetches that fail
 * @returns ends it
 */
export function refreshRegularly(fetches: Fetches, longestMs: number): () => void {
  let timer: NodeJS.Timeout | undefined
  let isOpen = true
  const refreshForEver = async (): Promise<void> => {
    await fetches.refresh()
    if (!isOpen) return
    const askedForMs = Math.max(fetches.quietForMs(), 0)
    const pauseMs = pauseAfter(fetches.failures, { askedForMs, longestMs }, Math.random())
    timer = setTimeout(refreshForEver, pauseMs).unref()
  }
  void refreshForEver()
  return () => {
    isOpen = false
    clearTimeout(timer)
  }
}
