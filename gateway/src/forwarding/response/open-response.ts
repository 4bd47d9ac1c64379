import type { ServerResponse } from 'node:http'
import type { GatheredChunks } from '@gatehouse/http-service/gathered-chunks'
import { breakOff } from '@gatehouse/http-service/http-two'
import type { Passage } from '../../request/passage.ts'
import type { RouteTable } from '../../routes/table/route-table.ts'
import type { ContentController } from '../connections/content-controller.ts'
import { ClientGone } from '../faults/client-gone.ts'
import type { NoteFault } from '../faults/guard.ts'
import type { MarkOrigin } from '../headers/passed-headers.ts'
import type { Lifetimes } from '../lifetimes.ts'
import type { ClientPace } from './client-pace.ts'
import type { EventStream } from './event-stream.ts'
import type { OpenStreams } from './open-streams.ts'
import type { UnreadResponses } from './unread-responses.ts'
import type { WaitingClient } from './waiting-client.ts'

/** What every response needs of the gateway. */
export type ResponsePorts = {
  readonly table: () => RouteTable
  readonly markOrigin: MarkOrigin
  readonly lifetimes: Lifetimes
  /** the open event streams */
  readonly streams: OpenStreams
  /** the responses of all services that clients have not read yet */
  readonly unread: UnreadResponses
  readonly noteFault: NoteFault
}

/** The events of a request to a service. */
export type ResponseEvents = {
  /** the process of the service that is asked, as an origin */
  readonly address: string
  /** The response begins. */
  onResponse(): void
  /** The response has ended, completely or not. */
  onEnd(): void
  /**
   * The request failed before the response began, and its client still waits.
   * @param isSent whether any part of the request may have reached the service
   */
  onFault(error: Error, isSent: boolean): void
  /**
   * The client left before the request was sent: the request fails with this error at once, without
   * waiting for a connection.
   */
  giveUp(error: Error): void
}

/** A response on its way from a service to a client, and what has happened to it so far. */
export type OpenResponse = {
  readonly client: WaitingClient
  readonly raw: ServerResponse
  readonly passage: Passage
  readonly ports: ResponsePorts
  readonly events: ResponseEvents
  readonly chunks: GatheredChunks
  /** null: it has not waited for its client yet */
  readonly pace: ClientPace | null
  /** null: the request was not sent yet */
  controller: ContentController | null
  /** how many informational responses have arrived */
  hints: number
  /** whether the client gets the status and the headers of the service */
  hasBegun: boolean
  /** whether the client gets a part of the content, and so all headers */
  hasContent: boolean
  /** whether the headers are the whole response */
  isContentless: boolean
  /** whether nothing more is written */
  isOver: boolean
  /** null: it is not an event stream */
  stream: EventStream | null
  /** Waits until the client has read what was written. */
  waitForClient(): void
  /** Runs code that Node.js calls. An internal error in it ends only this exchange. */
  safely(act: (response: OpenResponse) => void): void
}

/**
 * The client has gone, or does not read. Attackers open and reset streams by the thousand
 * (CVE-2023-44487). So a request that has not begun does not keep its place until it would have
 * begun. The place becomes free when the attempt to connect has ended, so that the number of
 * attempts is limited too.
 */
export function abandon({ controller, events }: OpenResponse): void {
  if (controller === null) events.giveUp(new ClientGone())
  else controller.abort(new ClientGone())
}

/**
 * Breaks the response off, so that it does not look complete, and ends the request to the service:
 * its place is released, so nothing would limit such requests.
 */
export function cutOff(response: OpenResponse): void {
  response.isOver = true
  response.events.onEnd()
  breakOff(response.raw)
  abandon(response)
}
