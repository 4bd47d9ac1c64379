import { Compile } from 'typebox/compile'
import { type LogEntry, Revocation } from './revocation.ts'

const shape = Compile(Revocation)

/**
 * Reads an entry as it is in the log. The kind is the format of an entry. A newer version may add
 * members to a kind; an older reader ignores them, because it can revoke what the entry names
 * without them. For everything else, a newer version uses another kind.
 * @param position of the entry in the log
 * @param until for an unreadable entry: when it no longer concerns any valid token, in seconds
 */
export function readEntry(position: string, entry: unknown, until: number): LogEntry {
  if (shape.Check(entry)) return entry
  const writtenKind = String(Object(entry).kind)
  return { kind: 'unreadable', id: position, until, writtenKind }
}
