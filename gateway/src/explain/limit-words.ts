import type { Route } from '../routes/entry/route.ts'

/** What the client gets from the response. */
export function responseOf({ answerHeaderBytes, answerPaths, stripPrefix = '' }: Route): string[] {
  return [
    `headers of at most ${answerHeaderBytes} bytes`,
    answerPaths === 'keep'
      ? 'Location, Content-Location, Refresh and the paths of cookies as the service writes them'
      : `Location, Content-Location, Refresh and the paths of cookies with the service's own paths below ${stripPrefix || '/'}`
  ]
}

/** The limits of a request and its response. */
export function limitsOf(method: string, { bodyLimitBytes, limits, ...rest }: Route): string[] {
  const { answerSeconds, idleSeconds, retries, events, websocket, maxStalenessSeconds } = rest
  return [
    hasNoBody(method, rest) ? 'no body' : `a body of ${bodyLimitBytes} bytes`,
    ...(rest.encodedSlashes === 'pass' ? ['%2F in the path passes'] : []),
    ...(rest.encodedDelimiters === 'pass' ? ['%23, %25, %3B and %3F in the path pass'] : []),
    ...limits.map(
      ({ max, windowSeconds, by, shared }) =>
        `${max} requests per ${by} in ${windowSeconds} s${shared ? ', all gateways together' : ''}`
    ),
    ...(answerSeconds === undefined ? [] : [`a response that begins within ${answerSeconds} s`]),
    ...(events ? [] : [`a response that pauses for at most ${idleSeconds} s`]),
    ...(retries > 0 ? [`at most ${retries + 1} attempts, if the method is safe`] : []),
    websocket ? 'WebSockets are accepted' : 'no WebSockets',
    ...(maxStalenessSeconds === undefined
      ? []
      : [`revocations that are at most ${maxStalenessSeconds} s old`])
  ]
}

const hasNoBody = (method: string, { bodyOnGet }: Pick<Route, 'bodyOnGet'>): boolean =>
  method === 'HEAD' || (method === 'GET' && !bodyOnGet)
