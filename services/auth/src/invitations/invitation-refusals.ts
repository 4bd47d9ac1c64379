import { Refusal } from '@gatehouse/problem/refusal'

export const invitationNeeded = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the registration has no invitation',
    detail: 'registration needs an invitation'
  })

/** The same for every cause: a guesser learns nothing from it. */
export const invitationInvalid = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the invitation is unknown, used, revoked, expired or for another address',
    detail: 'the invitation is unknown, used, revoked, expired or for another e-mail address'
  })

export const noOpenInvitation = () =>
  new Refusal('NOT_FOUND', {
    reason: 'no open invitation has the id',
    detail: 'there is no open invitation with this id'
  })
