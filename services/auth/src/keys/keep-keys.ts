import type { LiveSigningKeys } from './live-signing-keys.ts'

/** Reads the keys again and does what is due, every so often, until it is closed. */
export function keepKeys(needs: {
  live: Pick<LiveSigningKeys, 'read'>
  /** what may have been left undone, by this process or another */
  due: readonly (() => Promise<unknown>)[]
  /** hears of a fault when it begins, or becomes another one, not at every attempt to end it */
  onFault: (error: unknown) => void
  intervalMs?: number
}): { close(): Promise<void> } {
  const { live, due, onFault, intervalMs = 1000 } = needs
  let lastFault = ''
  let closed = false
  let timer: NodeJS.Timeout
  const round = async (): Promise<void> => {
    let fault = ''
    for (const attend of [live.read, ...due]) {
      try {
        await attend()
      } catch (error) {
        fault = error instanceof Error ? error.message : String(error)
        if (fault !== lastFault) onFault(error)
      }
    }
    lastFault = fault
  }
  let underWay = Promise.resolve()
  const schedule = (): void => {
    timer = setTimeout(() => {
      underWay = round().then(() => {
        if (!closed) schedule()
      })
    }, intervalMs).unref()
  }
  schedule()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await underWay
    }
  }
}
