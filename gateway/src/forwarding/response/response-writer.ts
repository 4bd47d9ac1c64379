import type { ServerResponse } from 'node:http'
import { GatheredChunks } from '@gatehouse/http-service/gathered-chunks'
import { breakOff, isGone } from '@gatehouse/http-service/http-two'
import type { Dispatcher } from 'undici'
import type { Passage } from '../../request/passage.ts'
import type { ContentController } from '../connections/content-controller.ts'
import { ClientGone } from '../faults/client-gone.ts'
import { errorOf } from '../faults/guard.ts'
import { resetFor } from '../faults/http-two-faults.ts'
import { NotAResponse } from '../faults/upstream-faults.ts'
import type { ResponseHeaders } from '../headers/passed-headers.ts'
import { passedTrailers } from '../headers/passed-trailers.ts'
import { type ClientPace, clientPace } from './client-pace.ts'
import type { EventStream } from './event-stream.ts'
import { isCall, watchCall } from './grpc-call.ts'
import {
  abandon,
  cutOff,
  type OpenResponse,
  type ResponseEvents,
  type ResponsePorts
} from './open-response.ts'
import { finish, writeContent } from './response-content.ts'
import { begin, passHint } from './response-head.ts'
import type { WaitingClient } from './waiting-client.ts'

/** A write after the end causes an error. 'close' follows and cleans up. */
const ignore = (): void => {}

/**
 * Writes a service's response to the client, no faster than the client reads, and only while the
 * client is connected and reading. If the response breaks off, the client connection is closed, so
 * that a partial response does not look complete.
 */
export class ResponseWriter implements OpenResponse, Dispatcher.DispatchHandler {
  readonly client: WaitingClient
  readonly raw: ServerResponse
  readonly passage: Passage
  readonly ports: ResponsePorts
  readonly events: ResponseEvents
  readonly chunks: GatheredChunks
  pace: ClientPace | null = null
  controller: ContentController | null = null
  hints = 0
  hasBegun = false
  hasContent = false
  isContentless = false
  isOver = false
  stream: EventStream | null = null

  constructor(
    client: WaitingClient,
    passage: Passage,
    ports: ResponsePorts,
    events: ResponseEvents
  ) {
    this.client = client
    this.raw = client.raw
    this.passage = passage
    this.ports = ports
    this.events = events
    this.chunks = new GatheredChunks(this)
    this.raw.on('close', this.#onClose)
    this.raw.on('error', ignore)
    if (isCall(passage)) watchCall(this)
  }

  readonly #onClose = (): void => {
    if (!this.isOver) this.safely(abandon)
  }

  safely(act: (response: OpenResponse) => void): void {
    try {
      act(this)
    } catch (error) {
      this.#cut(error)
    }
  }

  #cut(error: unknown): void {
    this.ports.noteFault('answer', errorOf(error))
    cutOff(this)
  }

  /** Content that has been gathered. */
  pass(data: Buffer): void {
    try {
      writeContent(this, data)
    } catch (error) {
      this.#cut(error)
    }
  }

  isTaken(): boolean {
    return this.raw.writableLength === 0
  }

  waitForClient(): void {
    this.pace ??= clientPace(this.raw, {
      unreadMs: this.passage.route.idleSeconds * 1000,
      unread: this.ports.unread,
      caller: this.passage.caller,
      onTaken: () => this.safely(({ controller }) => controller?.resume()),
      // If the client does not read its connection, it never sees that its HTTP/2 stream is closed.
      onUnread: () =>
        this.safely(() => {
          abandon(this)
          breakOff(this.raw)
        })
    })
    this.pace.wait()
  }

  onRequestStart(controller: ContentController): void {
    this.controller = controller
    if (isGone(this.raw)) this.safely(abandon)
  }

  // undici catches what these two throw: it aborts, and calls onResponseError.
  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    received: Readonly<Record<string, string | string[] | undefined>>
  ): void {
    const act = status < 200 ? passHint : begin
    act(this, status, received)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // The gateway has ended the response, so no client will read the rest.
    if (this.raw.writableEnded) {
      abandon(this)
      return
    }
    // Only a 205 can get here. It is complete for the client.
    if (this.isContentless) {
      controller.abort(new NotAResponse('content in a 205'))
      return
    }
    this.client.trail.bytes += chunk.length
    this.chunks.add(chunk)
    if (this.chunks.isFull) controller.pause()
  }

  onResponseEnd(
    _controller: Dispatcher.DispatchController,
    trailers: Readonly<Record<string, string | string[] | undefined>>
  ): void {
    try {
      finish(this, passedTrailers(trailers as ResponseHeaders))
    } catch (error) {
      this.#cut(error)
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    try {
      // undici waits for the content that a Content-Length announces, but the length in a 304 is
      // that of the 200 (RFC 9110 §8.6).
      if (this.isContentless && !(error instanceof ClientGone)) finish(this, null)
      else {
        this.raw.off('close', this.#onClose)
        fail(this, error)
      }
    } catch (fault) {
      this.#cut(fault)
    }
  }
}

/** The request has failed. The client can still get another response only if it got nothing. */
function fail(response: OpenResponse, error: Error): void {
  const { events, raw, controller, hasBegun } = response
  response.isOver = true
  if (!hasBegun && !(error instanceof ClientGone)) {
    events.onFault(error, controller !== null)
    return
  }
  events.onEnd()
  // The gateway may have ended it, and its last bytes are on their way.
  if (hasBegun && !raw.writableEnded) breakOff(raw, resetFor(error))
}
