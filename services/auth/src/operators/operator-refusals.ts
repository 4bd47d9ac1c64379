import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'
import type { ActingOperator } from './operator.ts'
import type { OperatorRole } from './operator-role.ts'

export const operatorExists = (name: string) =>
  new Refusal('CONFLICT', {
    reason: `the operator ${name} has a live token`,
    detail: `the operator ${name} has a live token: revoke it first`
  })

export const reservedName = (name: string) =>
  new Refusal('CONFLICT', {
    reason: `the name ${name} is reserved`,
    detail: `the name ${name} is reserved`
  })

export const noSuchOperator = () =>
  new Refusal('NOT_FOUND', {
    reason: 'there is no operator of that name with a live token',
    detail: 'there is no operator of that name with a live token'
  })

/** @param what the part of the request that needs the role */
export function roleMissing(
  { name, role }: ActingOperator,
  needed: OperatorRole,
  what = 'this request'
) {
  const text = `${what} needs the role ${needed}, and ${name} has the role ${role}`
  return new Refusal('FORBIDDEN', { reason: text, detail: text })
}

export const tokenEnded = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'the token was renewed or revoked meanwhile',
    headers: bearerChallenge()
  })

export const nothingToRenew = (detail: string) =>
  new Refusal('FORBIDDEN', { reason: 'an operator would renew no token of their own', detail })

/** @param of the operator with that token */
export function tokenOfCreator(of: string, creator: string) {
  const text = `${creator} created the token of ${of} and may still have it: ${of} must replace it first`
  return new Refusal('FORBIDDEN', { reason: text, detail: `${text} (ops operators renew)` })
}

export const linkIsUsed = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'a link to the console was already used, or has expired',
    detail: 'the link was already used, or has expired',
    headers: bearerChallenge()
  })

export const alreadySignedIn = (name: string) =>
  new Refusal('CONFLICT', {
    reason: `a link to the console was opened while ${name} was signed in`,
    detail: `you are signed in as ${name}: sign out first, and open the link again`
  })

export const linkFromSession = () =>
  new Refusal('FORBIDDEN', {
    reason: 'a session of the console requested a link to the console',
    detail: 'a link needs the token of the operator, not a session of the console'
  })

export const noPendingApproval = () =>
  new Refusal('NOT_FOUND', {
    reason: 'no request with this id waits for an approval',
    detail: 'no request with this id waits for an approval'
  })

export function tooManyWaiting(name: string, most: number) {
  const text = `${most} requests of ${name} wait for an approval: withdraw one of them first`
  return new Refusal('FORBIDDEN', { reason: text, detail: text })
}

export const ownRequest = () =>
  new Refusal('FORBIDDEN', {
    reason: 'an operator tried to approve their own request',
    detail: 'another operator must approve this request'
  })

export const bootstrapApproves = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the bootstrap token tried to approve a request',
    detail: 'a named operator must approve this request, not the bootstrap token'
  })
