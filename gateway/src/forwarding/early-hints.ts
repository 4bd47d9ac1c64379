/**
 * One link as Node.js accepts it: a target and parameters (RFC 8288 §3). Node.js checks the value
 * with a regular expression that can read each parameter in two ways. So the time for a value that
 * does not match doubles with each parameter.
 */
const LINK = /^<[^>]*>(?:\s*;\s*[^;"\s=]+(?:=(?:"[^;"\s]*"|[^;"\s]*))?)*$/

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
