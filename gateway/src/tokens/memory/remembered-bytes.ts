import type { DelegatedToken } from '@gatehouse/access-token/delegation'
import type { Identity } from '@gatehouse/edge-headers/identity'
import { writtenIdentity } from '../written-identity.ts'
import { characterBytes, textBytes } from './text-bytes.ts'

/** the three objects and their numbers, the objects of the headers, and the entries of both maps */
const FIXED_BYTES = 600
const LIST_BYTES = 48
const POINTER_BYTES = 8
const SHORTEST_SLICE = 13
const SLICE_BYTES = 33

/** the object, its lists, and an object with a number for each actor */
const DELEGATION_BYTES = 160
const ACTOR_BYTES = 40

type Remembered = {
  readonly identity: Identity
  readonly kid: string | null
  readonly delegation: DelegatedToken | null
}

/**
 * How much of the heap a remembered token uses with its identity headers, by the layout of V8:
 * measured, and rounded up rather than down.
 */
export function rememberedBytes(key: string, { identity, kid, delegation }: Remembered): number {
  const { subject, session, client, email, roles, scope } = identity
  const texts = [key, subject, session, client, email, kid]
  // A value that needs no encoding is the very text of the identity.
  const values = Object.values(writtenIdentity(identity).headers)
  const ownValues = values.filter((value) => !texts.includes(value))
  return (
    FIXED_BYTES +
    delegationBytes(delegation) +
    [...texts, ...ownValues].reduce((sum, text) => sum + textBytes(text), 0) +
    listBytes(roles, textBytes) +
    listBytes(scope, partBytes)
  )
}

function delegationBytes(delegation: DelegatedToken | null): number {
  if (delegation === null) return 0
  const { audience, actors, keys } = delegation
  return (
    DELEGATION_BYTES +
    textBytes(audience) +
    listBytes(keys, textBytes) +
    actors.reduce((sum, { id }) => sum + ACTOR_BYTES + POINTER_BYTES + textBytes(id), 0)
  )
}

/**
 * A scope is a slice of the claim's string. From a certain length on, V8 keeps the whole string and
 * the position of the slice.
 */
const partBytes = (text: string): number =>
  text.length < SHORTEST_SLICE ? textBytes(text) : SLICE_BYTES + characterBytes(text)

const listBytes = (list: readonly string[], bytesOf: (text: string) => number): number =>
  list.reduce((sum, text) => sum + POINTER_BYTES + bytesOf(text), LIST_BYTES)
