import { isToken } from '@gatehouse/edge-headers/field-syntax'
import { listMembers } from '@gatehouse/edge-headers/optional-whitespace'
import { mayBeTrailer } from './passed-trailers.ts'

/** No message announces more, and reading the names of 64 KiB takes milliseconds. */
const MOST_CHARACTERS = 4096

/**
 * The names that a message announces as its trailers, as the next hop gets them: without those that
 * are never passed on. Some servers, such as those of Go, show only trailers that were announced
 * (RFC 9110 §6.6.2). Pure.
 * @returns null if no name is left, or there are too many
 */
export function announcedTrailers(
  received: string | string[] | undefined,
  mayPass: (name: string) => boolean = () => true
): string | null {
  if (received === undefined) return null
  const text = [received].flat().join(',').toLowerCase()
  if (text.length > MOST_CHARACTERS) return null
  const names = listMembers(text).filter(
    (name) => isToken(name) && mayBeTrailer(name) && mayPass(name)
  )
  return names.length === 0 ? null : [...new Set(names)].join(', ')
}
