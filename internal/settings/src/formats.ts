import { isIP } from 'node:net'

/** An http or https URL without user information, query and fragment. Pure. */
export function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    !/\s/.test(text) &&
    `${url.username}${url.password}${url.search}${url.hash}` === ''
  )
}

/** An IP address without brackets, or the name of a host. Pure. */
export const isHostName = (text: string): boolean =>
  isIP(text) !== 0 || /^[A-Za-z0-9._-]{1,253}$/.test(text)
