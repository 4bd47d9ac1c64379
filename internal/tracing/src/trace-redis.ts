import { tracingChannel } from 'node:diagnostics_channel'
import type { OpenSpan, Tracing } from './tracing.ts'

/** What ioredis says of a command in its tracing channel; of its arguments, nothing is read. */
type Command = { readonly command: string; readonly error?: unknown }
type Begun = { readonly span: OpenSpan; readonly startedMs: number }

/**
 * Records a span for each command of Redis that belongs to a request that is traced. A command
 * costs nothing more unless this was called.
 * @returns a function that stops it
 */
export function traceRedis(tracing: Tracing): () => void {
  const channel = tracingChannel<'ioredis:command', Command>('ioredis:command')
  const begun = new WeakMap<Command, Begun>()
  const subscribers = {
    start(command: Command) {
      const span = tracing.current()
      if (span !== undefined) begun.set(command, { span, startedMs: performance.now() })
    },
    end() {},
    asyncStart(command: Command) {
      const found = begun.get(command)
      if (found === undefined) return
      const operation = command.command.toUpperCase()
      tracing.call(found.span, {
        name: operation,
        startedMs: found.startedMs,
        endedMs: performance.now(),
        failed: command.error !== undefined,
        attributes: { 'db.system.name': 'redis', 'db.operation.name': operation }
      })
    },
    asyncEnd() {},
    error() {}
  }
  channel.subscribe(subscribers)
  return () => {
    channel.unsubscribe(subscribers)
  }
}
