import { isIP } from 'node:net'

/**
 * Why a text is not an http or https URL without user information, query and fragment; null if it
 * is one. Names no part of the text, which may contain a password. Pure.
 */
export function httpUrlFault(text: string): string | null {
  if (!/^https?:\/\//i.test(text)) return 'it does not begin with http:// or https://'
  if (/\s/.test(text)) return 'it contains white space'
  const authority = /^https?:\/\/([^/?#\\]*)/i.exec(text)?.[1] ?? ''
  if (authority === '') return 'it has no host'
  if (authority.includes('@')) return 'it contains a user or a password'
  if (/[?#]/.test(text)) return 'it has a query or a fragment'
  const url = URL.parse(text)
  if (url === null) return authorityFault(authority)
  // Node.js also takes $, {, } and other characters, which a variable leaves if it is not replaced.
  return /^(\[.*\]|[a-z0-9._-]+)$/.test(url.hostname)
    ? null
    : 'its host has a character that no host has'
}

/** An IPv6 address without brackets looks like a host with a port. */
const authorityFault = (authority: string): string =>
  isIP(authority.replace(/:\d+$/, '')) === 6 || isIP(authority) === 6
    ? 'an IPv6 address needs brackets, as in http://[::1]:3001'
    : 'its host or port is not valid'

/** Why a text is not an IP address without brackets or the name of a host; null if it is. Pure. */
export function hostFault(text: string): string | null {
  if (isIP(text) !== 0 || /^[A-Za-z0-9._-]{1,253}$/.test(text)) return null
  if (/^\[.*\]$/.test(text)) return 'it has brackets'
  return /:\/\//.test(text) ? 'it is a URL' : 'it has a port or a character that no host has'
}
