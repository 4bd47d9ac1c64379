import type { IncomingMessage, ServerResponse } from 'node:http'
import { traceHeader } from '@gatehouse/edge-headers/names'
import { isGone } from '@gatehouse/http-service/http-two'
import type { ArrivedRequest } from '../arrival/arrived-request.ts'
import { hstsFor, hstsHeader } from '../arrival/hsts.ts'
import type { ResponseHeaders } from '../forwarding/headers/passed-headers.ts'
import type { WaitingClient } from '../forwarding/response/waiting-client.ts'
import type { RequestTelemetry } from '../telemetry/request-telemetry.ts'
import { servedByService } from '../telemetry/served.ts'
import type { Trail } from '../telemetry/trail.ts'
import type { Leave } from './before-framework.ts'

export type PlainClientPorts = Pick<RequestTelemetry, 'onServed'> & {
  /** the value of Strict-Transport-Security, for responses over TLS; null: it is not sent */
  readonly hsts: string | null
}

/**
 * The client of a request that needs nothing of the framework. Its request has no body, so nothing
 * of it is still to come when the response begins.
 */
export class PlainClient implements WaitingClient {
  readonly request: IncomingMessage
  readonly raw: ServerResponse
  readonly #arrived: ArrivedRequest
  readonly #ports: PlainClientPorts
  readonly #leave: Leave

  constructor(raw: ServerResponse, arrived: ArrivedRequest, ports: PlainClientPorts, leave: Leave) {
    this.request = raw.req
    this.raw = raw
    this.#arrived = arrived
    this.#ports = ports
    this.#leave = leave
    raw.on('close', this.#end)
  }

  readonly #end = (): void => {
    const { id, trail } = this.#arrived
    const { method = '', headers, socket } = this.request
    const ip = socket.remoteAddress ?? ''
    const served = { id, method, headers, ip, raw: this.request }
    this.#ports.onServed(servedByService(served, this.raw, trail))
  }

  get trail(): Trail {
    return this.#arrived.trail
  }

  get requestId(): string {
    return this.#arrived.id
  }

  ownHeaders(): ResponseHeaders {
    const headers: ResponseHeaders = {}
    const hsts = hstsFor(this.#arrived, this.#ports.hsts)
    if (hsts !== null) headers[hstsHeader] = hsts
    headers[traceHeader.requestId] = this.#arrived.id
    return headers
  }

  /** The framework does not know of the response. */
  takeOver(): void {}

  /** @param refusal null: the framework decides */
  refuse(refusal: unknown): void {
    // Its client has left, and its end is recorded.
    if (isGone(this.raw)) return
    this.raw.off('close', this.#end)
    this.#leave(refusal)
  }
}
