import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** A process still allocates after its start: caches fill, and the first background work runs. */
const AFTER_START_MS = 5000
/** in which V8 collects the rest, in small steps, if the process is idle */
const COLLECTED_MS = 60_000

/**
 * V8 discards the compiled code of a function that has not run during so many complete collections,
 * and compiles it again when it runs.
 */
const unusedCode = { afterStart: '--bytecode-old-age=1', later: '--bytecode-old-age=6' }

/**
 * Makes V8 release the memory that only the start needed, once. V8 shrinks its young generation
 * only during a collection, and it starts one only when that generation is full. An idle process
 * takes minutes to fill it. It would keep the compiled code of the start: while it is idle, V8
 * makes only two complete collections.
 */
export function releaseStart(): void {
  setTimeout(() => {
    setFlagsFromString(unusedCode.afterStart)
    setTimeout(() => setFlagsFromString(unusedCode.later), COLLECTED_MS).unref()
    collector()({ type: 'minor', execution: 'sync' })
  }, AFTER_START_MS).unref()
}

/** V8 shows its collector to new contexts only, and only with this flag. */
function collector(): NodeJS.GCFunction {
  setFlagsFromString('--expose-gc')
  const collect: NodeJS.GCFunction = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  return collect
}
