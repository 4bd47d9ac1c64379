import type { Limiter } from '../limits/route-limiters.ts'
import type { Route } from '../routes/entry/route.ts'
import type { LocatedTarget } from '../routes/table/located-target.ts'
import type { Trail } from '../telemetry/trail.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'
import type { Hop } from './hop.ts'
import type { Passage } from './passage.ts'
import type { RequestHead } from './request-head.ts'

/** What belongs to one request, in addition to its bytes. */
export type Arrival = {
  readonly hop: Hop
  readonly located: LocatedTarget
  /** what the stages have found, even if one of them refuses the request */
  readonly trail: Pick<Trail, 'route' | 'token' | 'traceparent'>
  /** @param address the client's */
  readonly limiter: (route: Route, token: VerifiedToken | null, address: string) => Limiter | null
  readonly caller: (token: VerifiedToken | null) => string | null
}

/**
 * Takes a request through the journey (`journey.ts`).
 * @throws Refusal at once or later
 */
export type TakeJourney = (head: RequestHead, arrival: Arrival) => Passage | Promise<Passage>
