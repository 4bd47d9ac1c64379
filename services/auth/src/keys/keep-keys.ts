import type { LiveSigningKeys } from './live-signing-keys.ts'
import type { KeyTending } from './tend-keys.ts'

/** Reads the keys again and tends them, every so often, until it is closed. */
export function keepKeys(needs: {
  live: Pick<LiveSigningKeys, 'read'>
  tending: KeyTending
  /** hears of a fault when it begins, or becomes another one, not at every attempt to end it */
  onFault: (error: unknown) => void
  intervalMs?: number
}): { close(): Promise<void> } {
  const { live, tending, onFault, intervalMs = 1000 } = needs
  let lastFault = ''
  let closed = false
  let timer: NodeJS.Timeout
  const round = async (): Promise<void> => {
    try {
      await live.read()
      await tending.tend()
      lastFault = ''
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error)
      if (fault !== lastFault) onFault(error)
      lastFault = fault
    }
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
