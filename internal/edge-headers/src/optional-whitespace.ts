const SPACE = 0x20
const TAB = 0x09
const isWhitespace = (code: number): boolean => code === SPACE || code === TAB

/**
 * A text without leading and trailing spaces and tabs (RFC 9110 §5.6.3), the only white space in a
 * header. It takes linear time: `/[ \t]+$/` would start again at each space of a long run that does
 * not end the text. Pure.
 */
export function withoutOuterWhitespace(text: string): string {
  let begin = 0
  let end = text.length
  while (begin < end && isWhitespace(text.charCodeAt(begin))) begin += 1
  while (end > begin && isWhitespace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(begin, end)
}

/** The members of a comma-separated header (RFC 9110 §5.6.1), without empty ones. Pure. */
export const listMembers = (value: string): string[] =>
  value
    .split(',')
    .map(withoutOuterWhitespace)
    .filter((member) => member !== '')
