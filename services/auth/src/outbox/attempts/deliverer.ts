import { repeatedRound } from '../../background/repeated-round.ts'
import type { ClaimedDelivery } from '../delivery.ts'
import { type AttemptOptions, attemptDelivery } from './attempt-delivery.ts'
import { attemptsInProgress } from './attempts-in-progress.ts'
import type { ReadyTarget } from './channel.ts'

/** Delivers what is due. Each target has attempts of its own, so a slow one delays no other. */
export type Deliverer = {
  /** Begins as many due attempts as each target may have, and does not wait for their results. */
  run(): Promise<void>
  /** for tests: waits until no attempt is in progress and none is due */
  idle(): Promise<void>
  /** Stops the attempts in progress, after a moment in which they can complete. */
  close(): Promise<void>
}

/** how long an attempt in progress may take when the process closes */
const CLOSE_MS = 1000

/** What attempts are counted for. */
const partOf = ({ target, lanes = '' }: ReadyTarget): string => `${target} ${lanes}`

export function deliverer(options: AttemptOptions): Deliverer {
  const { claims, channel, clock, onFault } = options
  const attempts = attemptsInProgress()
  const stopping = new AbortController()
  let isClosed = false

  const rounds = repeatedRound(async () => {
    if (isClosed) return
    const { kind, leaseMs } = channel
    const nowMs = clock()
    for (const ready of await channel.ready(nowMs)) {
      const { target, lanes } = ready
      const most = ready.most - attempts.countOf(partOf(ready))
      if (isClosed || most <= 0) continue
      const claimed = await claims.claim({ kind, target, lanes, most, nowMs, leaseMs })
      for (const delivery of claimed) begin(ready, delivery)
    }
  })
  function begin(ready: ReadyTarget, delivery: ClaimedDelivery): void {
    const attempt = attemptDelivery(options, ready, delivery, stopping.signal).catch((error) =>
      onFault(error, 'note')
    )
    attempts.add(partOf(ready), attempt, () => {
      // For a delivery that waited for this one. The next call of `run` reports a fault.
      if (!isClosed) void rounds.request().catch(() => {})
    })
  }

  return {
    run: rounds.request,
    async idle() {
      await rounds.request()
      while (attempts.all().length > 0 || rounds.inProgress() !== null) {
        await Promise.all(attempts.all())
        await rounds.inProgress()
      }
    },
    async close() {
      isClosed = true
      await rounds.inProgress()?.catch(() => {})
      const timer = setTimeout(() => stopping.abort(), CLOSE_MS)
      await Promise.all(attempts.all())
      clearTimeout(timer)
    }
  }
}
