import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import type { Readable } from 'node:stream'
import { ClientGone } from '../../../faults/client-gone.ts'

/** The body of a request, and how it gets to a service. */
export type Upload = {
  /** whether the request has a body */
  readonly hasBody: boolean
  /** whether trailers may follow the body */
  readonly mayHaveTrailers: boolean
  /** whether all of the body was sent, or it can no longer be sent to another stream */
  readonly isDone: boolean
  /** whether the upload waits for the service, not for the client */
  readonly isHeldUp: boolean
  /** whether it can be sent from its beginning */
  readonly isRepeatable: boolean
  /** Sends it from its beginning; a second time only if it is repeatable. */
  sendTo(stream: ClientHttp2Stream): void
  /** To be called when the service has begun to answer, so that the body is not sent again. */
  forget(): void
  /** To be called when the service needs no more of the body. */
  stop(): void
}

type UploadOptions = {
  readonly body: Buffer | Readable | null
  readonly trailers: () => OutgoingHttpHeaders | null
  /** called when a part of the body was sent */
  readonly onProgress: () => void
  /** called when reading the body from the client failed */
  readonly onFault: (error: Error) => void
}

/**
 * How much of a streamed body is kept until the service begins to answer, so that a request that
 * the service has refused unread can be sent again. The same limit as for a body that is read
 * completely first.
 */
const MOST_KEPT_BYTES = 64 * 1024

export const upload = (options: UploadOptions): Upload =>
  options.body === null || Buffer.isBuffer(options.body)
    ? heldUpload(options.body, options)
    : streamedUpload(options.body, options)

/** The body has arrived completely, and its trailers with it. */
function heldUpload(body: Buffer | null, options: UploadOptions): Upload {
  const trailers = body === null ? null : options.trailers()
  return {
    hasBody: body !== null,
    mayHaveTrailers: trailers !== null,
    isDone: true,
    isHeldUp: false,
    isRepeatable: true,
    sendTo(stream) {
      if (trailers !== null) stream.once('wantTrailers', () => stream.sendTrailers(trailers))
      if (body !== null) stream.end(body)
    },
    forget() {},
    stop() {}
  }
}

type Streamed = {
  /** the stream that gets it */
  target: ClientHttp2Stream | null
  /** what the target or an earlier one got; null: too much, or no longer needed */
  kept: Buffer[] | null
  keptBytes: number
  isDone: boolean
  isHeldUp: boolean
}

function streamedUpload(body: Readable, options: UploadOptions): Upload {
  const state: Streamed = {
    target: null,
    kept: [],
    keptBytes: 0,
    isDone: false,
    isHeldUp: false
  }
  const pump = (): void => {
    const { target } = state
    while (target !== null && !state.isHeldUp && !state.isDone) {
      const chunk: Buffer | null = body.read()
      if (chunk === null) return
      keep(state, chunk)
      options.onProgress()
      write(target, chunk)
    }
  }
  const write = (target: ClientHttp2Stream, chunk: Buffer): void => {
    if (target.write(chunk)) return
    state.isHeldUp = true
    target.once('drain', () => {
      if (state.target !== target) return
      state.isHeldUp = false
      options.onProgress()
      pump()
    })
  }
  return {
    hasBody: true,
    mayHaveTrailers: true,
    get isDone() {
      return state.isDone
    },
    get isHeldUp() {
      return state.isHeldUp
    },
    get isRepeatable() {
      return state.kept !== null
    },
    sendTo(stream) {
      const isFirst = state.target === null
      state.target = stream
      state.isHeldUp = false
      stream.once('wantTrailers', () => stream.sendTrailers(options.trailers() ?? {}))
      for (const chunk of state.kept ?? []) write(stream, chunk)
      if (isFirst) listen(body, state, pump, options)
      if (state.target !== stream) return
      if (state.isDone) stream.end()
      else pump()
    },
    forget() {
      state.kept = null
    },
    stop() {
      state.isDone = true
      state.target = null
      body.destroy()
    }
  }
}

/** Follows the body of a client. */
function listen(
  body: Readable,
  state: Streamed,
  onReadable: () => void,
  { onFault }: Pick<UploadOptions, 'onFault'>
): void {
  const onError = (error: Error): void => {
    if (state.isDone) return
    state.isDone = true
    onFault(error)
  }
  const onEnd = (): void => {
    state.isDone = true
    state.target?.end()
  }
  body.on('readable', onReadable).once('end', onEnd).once('error', onError)
  body.once('close', () => onError(new ClientGone()))
  // While the request waited for a connection, its session may have ended.
  if (body.destroyed) onError(body.errored ?? new ClientGone())
}

/** Keeps what was read of a body, as long as it is little. */
function keep(state: Streamed, chunk: Buffer): void {
  if (state.kept === null) return
  state.keptBytes += chunk.length
  if (state.keptBytes > MOST_KEPT_BYTES) state.kept = null
  else state.kept.push(chunk)
}
