import { Counter, Gauge, type Registry } from 'prom-client'

/**
 * What a response that waits for its client may keep in memory: what the service has sent, in the
 * buffers of both connections. Measured: up to 0.42 MiB.
 */
const RESPONSE_BYTES = 448 * 1024

/** The responses of all services that wait for clients to read them. */
export type UnreadResponses = {
  /**
   * A response waits from now on.
   * @param caller to whom it belongs; null: to no caller
   * @param end breaks it off
   * @returns to be called when it waits no longer
   */
  wait(caller: string | null, end: () => void): () => void
}

/** Responses in the order in which they began to wait, by how each is broken off. */
type Waiting = Map<object, () => void>

/**
 * Bounds the memory for all of them together, whatever their services: a place at a service bounds
 * only what one address of one service has. The wait of a client that reads starts again each time
 * it has taken everything. If there are too many, the caller with the most of them loses the one
 * that has waited longest.
 * @param mostBytes for all of them
 */
export function unreadResponses(mostBytes: number, metrics: Registry): UnreadResponses {
  const most = Math.max(1, Math.floor(mostBytes / RESPONSE_BYTES))
  const callers = new Map<object | string, Waiting>()
  let waiting = 0
  const registers = [metrics]
  const ended = new Counter({
    name: 'gateway_unread_responses_ended_total',
    help: 'Responses that were broken off because too many waited for clients (GATEWAY_UNREAD_BYTES)',
    registers
  })
  new Gauge({
    name: 'gateway_unread_response_bytes',
    help: 'Memory that is reserved for responses that wait for clients, at most GATEWAY_UNREAD_BYTES',
    registers,
    collect() {
      this.set(waiting * RESPONSE_BYTES)
    }
  })

  const fullest = (): Waiting | undefined => {
    let found: Waiting | undefined
    for (const one of callers.values()) if (one.size > (found?.size ?? 0)) found = one
    return found
  }
  return {
    wait(caller, end) {
      const response = {}
      const key = caller ?? response
      const own: Waiting = callers.get(key) ?? new Map()
      callers.set(key, own.set(response, end))
      waiting += 1
      if (waiting > most) {
        const [longest] = fullest()?.values() ?? []
        ended.inc()
        longest?.()
      }
      return () => {
        if (!own.delete(response)) return
        waiting -= 1
        if (own.size === 0) callers.delete(key)
      }
    }
  }
}
