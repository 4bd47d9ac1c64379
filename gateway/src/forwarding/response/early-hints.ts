import type { ServerResponse } from 'node:http'
import type { ResponseHeaders } from '../headers/passed-headers.ts'

/**
 * One link as Node.js accepts it: a target and parameters (RFC 8288 §3). Node.js checks the value
 * with a regular expression that can read each parameter in two ways. So the time for a value that
 * does not match doubles with each parameter.
 */
const LINK = /^<[^>]*>(?:\s*;\s*[^;"\s=]+(?:=(?:"[^;"\s]*"|[^;"\s]*))?)*$/

/** How many informational responses a service may send before its response. */
export const MOST_HINTS = 64

/** for all links of one hint, in characters */
const LONGEST = 2048

/**
 * The links of an early hint that Node.js can write, found in linear time. The others are dropped.
 */
export function writableLinks(link: string | string[] | undefined): string[] {
  const links = [link ?? []].flat()
  if (links.reduce((sum, one) => sum + one.length, 0) > LONGEST) return []
  return links.filter((one) => LINK.test(one))
}

/**
 * Passes on informational responses (RFC 9110 §15.2). They are optional, so one that Node.js cannot
 * write is dropped.
 */
export function inform(raw: ServerResponse, status: number, { link }: ResponseHeaders): void {
  if (raw.req.httpVersion === '1.0') return
  try {
    // Hints would fill memory if the client does not read.
    if ((raw.socket?.writableLength ?? 0) > 0) return
    // HTTP/2 in Node.js cannot write it.
    if (status === 102 && 'writeProcessing' in raw) raw.writeProcessing()
    const links = status === 103 ? writableLinks(link) : []
    if (links.length > 0) raw.writeEarlyHints({ link: links })
  } catch {
    // The client can do without them.
  }
}
