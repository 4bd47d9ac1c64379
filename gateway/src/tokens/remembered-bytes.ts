import type { Identity } from '@gatehouse/edge-headers/identity'

/** the two objects, their numbers, and the entry of the cache */
const FIXED_BYTES = 320
const LIST_BYTES = 48
const POINTER_BYTES = 8
const STRING_BYTES = 16
/** V8 shares strings up to this length. */
const SHARED_LENGTH = 2
const SHORTEST_SLICE = 13
const SLICE_BYTES = 33
const ONE_BYTE_ONLY = /^[\0-\xff]*$/

type Remembered = { readonly identity: Identity; readonly kid: string | null }

/**
 * How much of the heap a remembered token uses, by the layout of V8: measured, and rounded up
 * rather than down.
 */
export function rememberedBytes(key: string, { identity, kid }: Remembered): number {
  const { subject, session, client, email, roles, scope } = identity
  return (
    FIXED_BYTES +
    [key, subject, session, client, email, kid].reduce((sum, text) => sum + textBytes(text), 0) +
    listBytes(roles, textBytes) +
    listBytes(scope, partBytes)
  )
}

function textBytes(text: string | null): number {
  if (text === null || text.length <= SHARED_LENGTH) return 0
  return STRING_BYTES + Math.ceil(characterBytes(text) / POINTER_BYTES) * POINTER_BYTES
}

/**
 * A scope is a slice of the claim's string. From a certain length on, V8 keeps the whole string and
 * the position of the slice.
 */
const partBytes = (text: string): number =>
  text.length < SHORTEST_SLICE ? textBytes(text) : SLICE_BYTES + characterBytes(text)

const characterBytes = (text: string): number => text.length * (ONE_BYTE_ONLY.test(text) ? 1 : 2)

const listBytes = (list: readonly string[], bytesOf: (text: string) => number): number =>
  list.reduce((sum, text) => sum + POINTER_BYTES + bytesOf(text), LIST_BYTES)
