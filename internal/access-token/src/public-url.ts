/** The public URL of a path: the issuer is the gateway's address. */
export function publicUrl(issuer: string, path: string): string {
  let end = issuer.length
  while (issuer[end - 1] === '/') end -= 1
  return `${issuer.slice(0, end)}${path}`
}
