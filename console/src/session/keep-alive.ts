import { ask } from '../api/ask.ts'
import { operator } from './session.ts'

/** A session ends when its operator has done nothing for half an hour. */
const EVERY_MS = 5 * 60_000

/**
 * An operator who only reads and scrolls stays signed in. The requests of the views do not count as
 * use, because an open page sends them by itself.
 */
export function keepAlive(): void {
  let told = Date.now()
  const onUse = () => {
    if (!operator.value || Date.now() - told < EVERY_MS) return
    told = Date.now()
    ask('GET', '/ops/operators/me').catch(() => null)
  }
  for (const name of ['pointerdown', 'keydown', 'scroll']) {
    addEventListener(name, onUse, { passive: true, capture: true })
  }
}
