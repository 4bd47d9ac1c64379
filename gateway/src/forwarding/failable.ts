import type { Dispatcher } from 'undici'

/** A request that can be ended from outside, when undici no longer ends it. */
export type Failable = {
  readonly handler: Dispatcher.DispatchHandler
  /** Ends the request with this error, whatever its state. Later events are not passed on. */
  fail(error: Error): void
}

export function failable(handler: Dispatcher.DispatchHandler): Failable {
  let controller: Dispatcher.DispatchController | null = null
  let isOver = false
  return {
    handler: {
      onRequestStart(started, context) {
        controller = started
        handler.onRequestStart?.(started, context)
      },
      onResponseStart(...response) {
        if (!isOver) handler.onResponseStart?.(...response)
      },
      onResponseData(...data) {
        if (!isOver) handler.onResponseData?.(...data)
      },
      onResponseEnd(...end) {
        if (isOver) return
        isOver = true
        handler.onResponseEnd?.(...end)
      },
      onResponseError(...failure) {
        if (isOver) return
        isOver = true
        handler.onResponseError?.(...failure)
      }
    },
    fail(error) {
      if (isOver) return
      isOver = true
      handler.onResponseError?.(controller ?? notStarted(error), error)
    }
  }
}

/** For a request that undici has not begun. */
const notStarted = (reason: Error): Dispatcher.DispatchController => ({
  aborted: true,
  paused: false,
  reason,
  abort() {},
  pause() {},
  resume() {}
})
