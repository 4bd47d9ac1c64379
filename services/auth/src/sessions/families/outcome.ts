/**
 * The outcome of a presented token.
 * - `rotated`: it was the current one; the next generation is made
 * - `replayed`: the previous one, within grace (a racing tab, a retry): the same successor again
 * - `recovered`: the previous one, after grace, and no token of its successor was ever used, so the
 *   response was lost: the same successor again; tokens of that response are stale; a new grace
 * - `reused`: a spent token was used again; the family has ended
 * - `healed`: newer than the record, because the store lost writes; the family continues from it
 * - `restored`: the store lost a family that the database knows as open; it continues from here
 * - `ended`: there is no such family, or it has ended
 */
export const outcomes = [
  'rotated',
  'replayed',
  'recovered',
  'reused',
  'healed',
  'restored',
  'ended'
] as const
export type Outcome = (typeof outcomes)[number]
