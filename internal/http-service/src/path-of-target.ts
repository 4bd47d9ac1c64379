const END = /[?#]/

/**
 * The path of a request target, for logs: without the query, and for a target in absolute form
 * without the authority, which may contain a password. Pure.
 */
export function pathOfTarget(target: string): string {
  const end = target.search(END)
  const path = end < 0 ? target : target.slice(0, end)
  return path.startsWith('/') ? path : path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
}
