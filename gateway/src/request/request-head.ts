import type { IncomingMessage } from 'node:http'

/** A request without its body: as it arrived, or as a proxy in front describes it. */
export type RequestHead = Pick<
  IncomingMessage,
  'method' | 'url' | 'httpVersion' | 'headers' | 'rawHeaders'
>
