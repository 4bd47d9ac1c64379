import type { Dispatcher } from 'undici'
import type { Connection } from './connection.ts'
import { isBroken } from './upstream-faults.ts'

type SendAgain = (handler: Dispatcher.DispatchHandler) => void

/**
 * Passes on the events of a request, except the death of a connection if the request can be sent
 * again: it was not sent at all, or it is safe to repeat and was sent on a reused connection (RFC
 * 9110 §9.2.2, RFC 9112 §9.3.1).
 * @param sendAgain null if the connection was opened for this request; a failure on it is final
 */
export function sentAgain(
  handler: Dispatcher.DispatchHandler,
  connection: Connection,
  isRepeatable: boolean,
  sendAgain: SendAgain | null
): Dispatcher.DispatchHandler {
  let isSent = false
  let isReused = false
  let isHeard = false
  return {
    onRequestStart(controller, context) {
      isSent = true
      isReused = connection.isReused
      handler.onRequestStart?.(controller, context)
    },
    onResponseStart(controller, status, headers, text) {
      isHeard = true
      if (status >= 200) connection.note(headers)
      handler.onResponseStart?.(controller, status, headers, text)
    },
    onResponseData(controller, chunk) {
      handler.onResponseData?.(controller, chunk)
    },
    onResponseEnd(controller, trailers) {
      handler.onResponseEnd?.(controller, trailers)
    },
    onResponseError(controller, error) {
      const isHarmless = isSent ? isRepeatable && isReused && !isHeard : true
      if (sendAgain !== null && isHarmless && isBroken(error)) sendAgain(handler)
      else handler.onResponseError?.(controller, error)
    }
  }
}
