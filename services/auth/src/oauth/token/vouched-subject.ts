import { grantedScope } from '../../tokens/access-token.ts'
import { authenticationClass, classWithin } from '../../tokens/authentication-class.ts'
import type { SubjectToken } from '../../tokens/exchanged-claims.ts'
import type { TokenOwner } from './token-standing.ts'

/**
 * What a subject token says, as far as the stores say so too. The keys of the gateways come from
 * Redis, so a person who can write Redis can forge an assertion. It gets no right, no address and
 * no proof of identity that the session, or the machine client, does not have. Pure.
 */
export function vouchedSubject(subject: SubjectToken, owner: TokenOwner): SubjectToken {
  return owner.session === null
    ? ofClient(subject, owner.client)
    : ofSession(subject, owner.session)
}

function ofSession(
  subject: SubjectToken,
  { account, record, authentication }: NonNullable<TokenOwner['session']>
): SubjectToken {
  const { scope, roles, email, authenticatedAt, authenticationClass: stated } = subject
  const granted = grantedScope(account.scope, record.scope)
  return {
    ...subject,
    scope: scope.filter((one) => granted.includes(one)),
    roles: roles.filter((one) => account.roles.includes(one)),
    email: email === null ? null : account.email,
    // A step-up since makes neither of them stronger: the subject token is older.
    authenticatedAt:
      authenticatedAt === null ? null : Math.min(authenticatedAt, authentication.atSeconds),
    authenticationClass: classWithin(stated, authenticationClass(authentication.amr)),
    rightsVersion: atMost(subject.rightsVersion, account.rightsVersion)
  }
}

/** A machine client has no roles and no address, and no user has signed in. */
function ofClient(subject: SubjectToken, client: NonNullable<TokenOwner['client']>): SubjectToken {
  return {
    ...subject,
    scope: subject.scope.filter((one) => client.scope.includes(one)),
    roles: [],
    email: null,
    authenticatedAt: null,
    authenticationClass: null,
    rightsVersion: atMost(subject.rightsVersion, client.rightsVersion)
  }
}

const atMost = (version: number | null, current: number): number | null =>
  version === null ? null : Math.min(version, current)
