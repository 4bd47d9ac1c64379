import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'

/** A process still allocates after its start: caches fill, and the first background work runs. */
const AFTER_START_MS = 5000
/** how often a busy process looks whether it is idle */
const LOOK_MS = 1000
/** The collection holds the process for some 60 ms, which only an idle one does not notice. */
const MOST_UTILIZATION = 0.05
/** in which V8 collects the rest, in small steps, if the process is idle */
const COLLECTED_MS = 60_000

/**
 * V8 discards the compiled code of a function that has not run during so many complete collections,
 * and compiles it again when it runs.
 */
const unusedCode = { afterStart: '--bytecode-old-age=1', later: '--bytecode-old-age=6' }

/** How a process is observed and collected. */
type ReleasePorts = {
  /** the share of the time since the last call in which the event loop was busy, from 0 to 1 */
  readonly utilization: () => number
  readonly collect: () => Promise<void>
  readonly afterMs?: number
  readonly lookMs?: number
}

/**
 * Makes V8 release the memory that only the start needed, once, in the first second in which the
 * process is idle. V8 shrinks its young generation only during a collection, and it starts one only
 * when that generation is full. An idle process takes minutes to fill it. It would keep the
 * compiled code of the start: while it is idle, V8 makes only two complete collections.
 */
export function releaseStart(ports: ReleasePorts = { utilization: utilization(), collect }): void {
  const { afterMs = AFTER_START_MS, lookMs = LOOK_MS } = ports
  setTimeout(() => {
    setFlagsFromString(unusedCode.afterStart)
    setTimeout(() => setFlagsFromString(unusedCode.later), COLLECTED_MS).unref()
    ports.utilization()
    const looking = setInterval(() => {
      if (ports.utilization() > MOST_UTILIZATION) return
      clearInterval(looking)
      // Without it, the process only keeps its memory.
      ports.collect().catch(() => {})
    }, lookMs).unref()
  }, afterMs).unref()
}

function utilization(): ReleasePorts['utilization'] {
  let before = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const share = performance.eventLoopUtilization(now, before).utilization
    before = now
    return share
  }
}

/**
 * A complete collection. A new context (`node:vm`) would have V8's own function for it, but each
 * request would then cost a fifth more for the rest of the process's life
 * (docs/decisions/0113).
 */
async function collect(): Promise<void> {
  const { Session } = await import('node:inspector/promises')
  const session = new Session()
  session.connect()
  try {
    await session.post('HeapProfiler.collectGarbage')
  } finally {
    session.disconnect()
  }
}
