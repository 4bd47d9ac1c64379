import { Refusal } from '@gatehouse/problem/refusal'

/** A change was made, but is not published to the gateways yet. */
export const changeUnpublished = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'a change of rights is stored, but writing to the revocation log failed',
    detail: 'the change is stored; the gateways learn of it as soon as the session store answers',
    headers: { 'retry-after': '1' },
    cause
  })
