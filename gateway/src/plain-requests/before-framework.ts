import type { IncomingMessage, ServerResponse } from 'node:http'
import { requestId } from '@gatehouse/edge-headers/request-id'
import { needsNoHook } from '@gatehouse/http-service/http-one'
import { type ArrivedRequest, newlyArrived } from '../arrival/arrived-request.ts'
import type { PlainRequests } from '../arrival/client-listener.ts'
import { newTrail } from '../telemetry/trail.ts'

/** Gives a request to the framework, which answers with the refusal; null: it decides itself. */
export type Leave = (refusal: unknown) => void

type BeforeFramework = {
  /** whether the framework gets a request that could go without it */
  readonly usesFramework: (raw: IncomingMessage) => boolean
  /** whether the requests only describe those of clients */
  readonly areSubrequests: boolean
  /** Answers a request. Must not throw. */
  serve(response: ServerResponse, arrived: ArrivedRequest, leave: Leave): void
}

/** Takes the requests without a body before the framework, which may get them after that. */
export function beforeFramework({
  usesFramework,
  areSubrequests,
  serve
}: BeforeFramework): PlainRequests {
  const left = new WeakMap<IncomingMessage, ArrivedRequest>()
  return {
    take(raw, response, handle) {
      if (!needsNoHook(raw) || usesFramework(raw)) return handle(raw, response)
      const arrived = newlyArrived(requestId(raw.headers), newTrail(raw, areSubrequests))
      serve(response, arrived, (refusal) => {
        arrived.refusal = refusal
        left.set(raw, arrived)
        handle(raw, response)
      })
    },
    begun: (raw) => left.get(raw) ?? null
  }
}
