import type { Approval } from '../api/problem.ts'

/** Characters that are invisible, or change the direction of the text around them. */
const MISLEADING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** The same text, with these characters as their numbers. */
export const visibleText = (text: string): string =>
  text.replace(MISLEADING, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`)

/** A request with all that an approval of it allows: its parameters and its body, in full. */
export function requestText({ operation, params, body }: Approval): string {
  const more = body === null ? [] : [JSON.stringify(body)]
  return visibleText([operation, ...Object.values(params), ...more].join(' '))
}
