import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Unrecorded, UnrecordedEnd } from './families.ts'

const Ending = Type.Object({
  subject: Type.String(),
  sid: Type.String(),
  kind: Type.Union([Type.Literal('refresh-reused'), Type.Literal('session-evicted')]),
  atMs: Type.Integer(),
  source: Type.Object({ address: Type.String(), requestId: Type.String() }),
  detail: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()]))
})

/**
 * Reads the notes of ends, by session. A note that cannot be read, of another version or damaged,
 * does not affect the others.
 */
export function readNotes(notes: readonly (readonly [sid: string, text: string])[]): Unrecorded {
  const ends = notes.flatMap(([sid, text]) => readNote(sid, text))
  return { ends, unreadable: notes.length - ends.length, fault: null }
}

/**
 * A note of the embedded store, which has the source as `origin`, or of lua/family.lua, which has
 * the source's members beside the others.
 */
function readNote(sid: string, text: string): UnrecordedEnd[] {
  const noted = parsed(text)
  const { subject, kind, atMs, detail, address, requestId } = noted
  const ending: unknown = {
    sid,
    subject,
    kind,
    atMs,
    detail,
    source: noted.origin ?? { address, requestId }
  }
  return Value.Check(Ending, ending) ? [ending] : []
}

function parsed(text: string): Record<string, unknown> {
  try {
    const noted: unknown = JSON.parse(text)
    return typeof noted === 'object' && noted !== null ? { ...noted } : {}
  } catch {
    return {}
  }
}
