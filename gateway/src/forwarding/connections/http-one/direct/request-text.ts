import { isFieldValue, isToken } from '@gatehouse/edge-headers/field-syntax'
import { knownNames } from '@gatehouse/edge-headers/known-names'
import { identityHeader } from '@gatehouse/edge-headers/names'
import type { Dispatcher } from 'undici'

/** the characters of a request target that undici accepts */
const NOT_IN_A_PATH = /[^\x21-\xff]/

/** Names with a meaning for the connection or for the end of the request. */
const NEEDS_UNDICI = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade'
])

const isPlainName = knownNames(
  (name) => isToken(name) && name === name.toLowerCase() && !NEEDS_UNDICI.has(name)
)

/**
 * The bytes of a GET without a body on a connection that stays open, as undici writes them. Pure.
 * @param authority the host and port of the connection, for a request without Host
 * @returns null for every other request, and for one that undici would refuse
 */
export function requestText(
  { method, path, headers, body, reset }: Dispatcher.DispatchOptions,
  authority: string
): string | null {
  if (method !== 'GET' || (body !== null && body !== undefined) || reset === true) return null
  if (!path.startsWith('/') || NOT_IN_A_PATH.test(path)) return null
  let host = authority
  let lines = ''
  const given = (headers ?? {}) as Readonly<Record<string, unknown>>
  for (const name in given) {
    const value = given[name]
    if (typeof value !== 'string') return null
    // The gateway has signed the assertion: base64url and dots, and more than half of all bytes.
    if (name !== identityHeader.assertion && !isFieldValue(value)) return null
    if (name === 'host') host = value
    else if (isPlainName(name)) lines += `${name}: ${value}\r\n`
    else return null
  }
  return `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n${lines}\r\n`
}
