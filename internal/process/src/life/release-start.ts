import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** A process still allocates after its start: caches fill, and the first background work runs. */
const AFTER_START_MS = 5000

/**
 * Makes V8 release the memory that only the start needed, once. V8 shrinks its young generation
 * only during a collection, and it starts one only when that generation is full. An idle process
 * takes minutes to fill it.
 */
export function releaseStart(): void {
  setTimeout(() => collector()({ type: 'minor', execution: 'sync' }), AFTER_START_MS).unref()
}

/** V8 shows its collector to new contexts only, and only with this flag. */
function collector(): NodeJS.GCFunction {
  setFlagsFromString('--expose-gc')
  const collect: NodeJS.GCFunction = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  return collect
}
