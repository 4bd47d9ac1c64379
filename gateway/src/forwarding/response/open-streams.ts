import { Gauge, type Registry } from 'prom-client'
import type { EventStream } from './event-stream.ts'

/**
 * The open event streams. They end when the gateway closes, including those that begin while it
 * closes.
 */
export type OpenStreams = {
  add(stream: EventStream): void
  delete(stream: EventStream): void
  /** Ends all streams, and those that are added later. */
  shutDown(): void
}

export function openStreams(metrics: Registry): OpenStreams {
  const streams = new Set<EventStream>()
  new Gauge({
    name: 'gateway_event_streams',
    help: 'Open event streams, and open gRPC calls of routes with events',
    registers: [metrics],
    collect() {
      this.set(streams.size)
    }
  })
  let isClosing = false
  return {
    add(stream) {
      streams.add(stream)
      if (isClosing) stream.shutDown()
    },
    delete: (stream) => streams.delete(stream),
    shutDown() {
      isClosing = true
      for (const stream of streams) stream.shutDown()
    }
  }
}
