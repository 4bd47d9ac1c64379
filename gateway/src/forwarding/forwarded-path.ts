import type { Passage } from '../journey.ts'

/** What the service is asked for: the path that was matched, without what the row takes off it, and the query. */
export function forwardedPath({ target, route }: Pick<Passage, 'target' | 'route'>): string {
  const { stripPrefix } = route
  const path = stripPrefix === undefined ? target.path : target.path.slice(stripPrefix.length)
  return `${path === '' ? '/' : path}${target.query}`
}
