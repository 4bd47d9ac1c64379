import type { Service } from '@gatehouse/http-service/build-service'
import { DRAINED, ENDING } from '../ops/ops-listener.ts'
import { tellParent } from '../start/tell-parent.ts'
import { isWorker } from '../workers/as-worker.ts'
import type { FromWorker, ToWorker } from '../workers/messages.ts'

/** Whether an operator has taken this service out of service. A restart forgets it. */
export type OperatorDrain = {
  readonly isDrained: boolean
  /** why no new clients should come, as `/readyz` says it; null: they may */
  readonly reason: string | null
  /** Takes the service out of service, or back: with several workers, all of them. */
  set(isDrained: boolean): void
  /** These listeners drain with it. */
  of(listeners: readonly Pick<Service, 'draining'>[]): void
  /** Calls after each change. */
  onChange(tell: () => void): void
}

export function operatorDrain(): OperatorDrain {
  const listeners: Pick<Service, 'draining'>[] = []
  const followers: (() => void)[] = []
  let isDrained = false
  const apply = (next: boolean): void => {
    if (next === isDrained) return
    isDrained = next
    for (const { draining } of listeners) {
      if (isDrained) draining.begin('operator')
      else draining.undo()
    }
    for (const tell of followers) tell()
  }
  if (isWorker()) {
    process.on('message', (message) => {
      const told = message as ToWorker
      if ('drainedByOperator' in told) apply(told.drainedByOperator)
    })
  }
  return {
    get isDrained() {
      return isDrained
    },
    get reason() {
      if (listeners.some(({ draining }) => draining.isEnding)) return ENDING
      return isDrained ? DRAINED : null
    },
    set(next) {
      apply(next)
      if (isWorker()) void tellParent<FromWorker>({ drainAll: next })
    },
    of(more) {
      listeners.push(...more)
      if (isDrained) for (const { draining } of more) draining.begin('operator')
    },
    onChange: (tell) => void followers.push(tell)
  }
}
