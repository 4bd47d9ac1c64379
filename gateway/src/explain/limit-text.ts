import type { Route } from '../routes/entry/route.ts'

/** What the client gets from the response. */
export function responseOf({ answerHeaderBytes, answerPaths, stripPrefix = '' }: Route): string[] {
  return [
    `the service may answer with at most ${answerHeaderBytes} bytes of headers`,
    answerPaths === 'keep' || stripPrefix === ''
      ? 'paths in Location, Content-Location, Refresh and cookies stay as the service writes them'
      : `paths in Location, Content-Location, Refresh and cookies get ${stripPrefix} in front, because the gateway removes it from the request`
  ]
}

/** The limits of a request and its response. */
export function limitsOf(method: string, { bodyLimitBytes, limits, ...rest }: Route): string[] {
  const { answerSeconds, idleSeconds, retries, events, websocket, maxStalenessSeconds } = rest
  return [
    hasNoBody(method, rest) ? 'a body is not accepted' : `a body may have ${bodyLimitBytes} bytes`,
    ...(rest.encodedSlashes === 'pass' ? ['an encoded slash (%2F) in the path is accepted'] : []),
    ...(rest.encodedDelimiters === 'pass'
      ? ['encoded delimiters (%23, %25, %3B, %3F) in the path are accepted']
      : []),
    ...limits.map(
      ({ max, windowSeconds, by, shared }) =>
        `${max} requests per ${by} in ${windowSeconds} s, ${shared ? 'at all gateways together' : 'at each gateway'}`
    ),
    ...(answerSeconds === undefined
      ? []
      : [`the service must begin to answer within ${answerSeconds} s`]),
    ...(events ? [] : [`the response is cut if the service sends nothing for ${idleSeconds} s`]),
    ...(retries > 0
      ? [
          `a request with a safe method, such as GET, is sent up to ${retries + 1} times if the service cannot be reached`
        ]
      : []),
    websocket ? 'WebSockets are accepted' : 'WebSockets are refused',
    ...(maxStalenessSeconds === undefined
      ? []
      : [
          `503 if the revocations that the gateway knows are more than ${maxStalenessSeconds} s old`
        ])
  ]
}

const hasNoBody = (method: string, { bodyOnGet }: Pick<Route, 'bodyOnGet'>): boolean =>
  method === 'HEAD' || (method === 'GET' && !bodyOnGet)
