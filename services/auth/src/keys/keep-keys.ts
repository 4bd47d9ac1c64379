import type { LiveSigningKeys } from './live-signing-keys.ts'

/** Regularly reads the keys and does due work, until it is closed. */
export function keepKeys(needs: {
  live: Pick<LiveSigningKeys, 'read'>
  /** work that this process or another one may have left undone */
  due: readonly (() => Promise<unknown>)[]
  /** is called when a fault begins or changes, not at every failed attempt */
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
