import type { TraceContext } from '@gatehouse/tracing/trace-context'
import type { ArrivedHop } from '../proxies/arrived-hop.ts'

/** What the gateway knows about the connection on which a request arrived. */
export type Hop = ArrivedHop & {
  readonly requestId: string
  /** the span of the request to the service; null if the request is not traced */
  readonly trace: TraceContext | null
}
