const POINTER_BYTES = 8
const STRING_BYTES = 16
/** V8 shares strings up to this length. */
const SHARED_LENGTH = 2
const ONE_BYTE_ONLY = /^[\0-\xff]*$/

/** How much of the heap a text uses, by the layout of V8. */
export function textBytes(text: string | null): number {
  if (text === null || text.length <= SHARED_LENGTH) return 0
  return STRING_BYTES + Math.ceil(characterBytes(text) / POINTER_BYTES) * POINTER_BYTES
}

export const characterBytes = (text: string): number =>
  text.length * (ONE_BYTE_ONLY.test(text) ? 1 : 2)
