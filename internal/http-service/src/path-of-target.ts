/**
 * The path of a request target, for logs: without the query, and for a target in absolute form
 * without the authority, which may contain a password. Pure.
 */
export function pathOfTarget(target: string): string {
  const path = target.split(/[?#]/, 1)[0] ?? ''
  return path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
}
