import type { Approval } from '../api/problem.ts'

/** Characters that are invisible, or change the direction of the text around them. */
const MISLEADING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** A request with all that an approval of it allows: its parameters and its body, in full. */
export function requestText({ operation, params, body }: Approval): string {
  const more = body === null ? [] : [JSON.stringify(body)]
  return [operation, ...Object.values(params), ...more]
    .join(' ')
    .replace(MISLEADING, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`)
}
