import { Refusal } from '@gatehouse/problem/refusal'

export const unreadableForm = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the body of a page is not a form, or has a field twice',
    detail: 'the form could not be read'
  })

/** The cookie of the form is missing, or its token is of another browser or session. */
export const foreignForm = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the form has no valid token',
    detail: 'the form has expired: load the page again'
  })

export const crossSiteForm = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the form was not sent by a page of this origin',
    detail: 'the form must be sent by a page of this origin'
  })
