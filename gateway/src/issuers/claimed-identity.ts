import type { Identity } from '@gatehouse/edge-headers/identity'
import { type ClaimPath, claimAt } from '../tokens/claims/claim-path.ts'
import type { ClaimNames, IssuerEntry } from './issuer-entry.ts'

type Claims = Readonly<Record<string, unknown>>

/** A claim that the operator names has a type that the gateway could only guess at. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

const LONGEST_SUBJECT = 255

/**
 * The identity in a token of another issuer, from the claims that its operator names. A part
 * without a named claim comes from its usual claim if that is readable, and is otherwise absent. A
 * claim that is named must be readable.
 * @param prefix put in front of subject and client
 * @throws Unreadable
 */
export function claimedIdentity(
  claims: Claims,
  { claims: names, unverifiedEmail }: Pick<IssuerEntry, 'claims' | 'unverifiedEmail'>,
  prefix: string
): Omit<Identity, 'expiresAt'> {
  const subject = claimAt(claims, names.subject ?? 'sub')
  if (typeof subject !== 'string' || subject === '' || subject.length > LONGEST_SUBJECT) {
    throw new Unreadable('the subject is not a string, or is too long')
  }
  const email = asked(claims, names.email, textIn) ?? null
  return {
    subject: `${prefix}|${subject}`,
    // We cannot end sessions of another issuer.
    session: null,
    client: `${prefix}|${clientOf(claims, names) ?? ''}`,
    // Another issuer decides who is an administrator here only if the operator has said so.
    roles: asked(claims, names.roles, rolesIn) ?? [],
    scope: scopeOf(claims, names) ?? [],
    email: unverifiedEmail || isEmailVerified(claims, names) ? email : null
  }
}

/**
 * OpenID Connect Core §5.1, §5.7: an address belongs to its user only if the issuer has verified
 * it. Otherwise a user could sign up there with somebody else's address, and a service that
 * identifies users by address would confuse the two.
 */
const isEmailVerified = (claims: Claims, { emailVerified }: ClaimNames): boolean =>
  claimAt(claims, emailVerified ?? 'email_verified') === true

const clientOf = (claims: Claims, { client }: ClaimNames): string | undefined =>
  isNamed(client)
    ? asked(claims, client, textIn)
    : (textIn(claimAt(claims, 'client_id')) ?? textIn(claimAt(claims, 'azp')))

const scopeOf = (claims: Claims, { scope }: ClaimNames): string[] | undefined =>
  isNamed(scope) ? asked(claims, scope, wordsIn) : wordsIn(claimAt(claims, 'scope'))

const isNamed = (path: ClaimPath | null | undefined): path is ClaimPath =>
  path !== undefined && path !== null

/** @throws Unreadable if there is a value of another type */
function asked<T>(
  claims: Claims,
  path: ClaimPath | null | undefined,
  read: (value: unknown) => T | undefined
): T | undefined {
  const value = isNamed(path) ? claimAt(claims, path) : undefined
  if (value === undefined || value === '') return undefined
  const found = read(value)
  if (found === undefined)
    throw new Unreadable(`the claim ${[path].flat().join('.')} has the wrong type`)
  return found
}

const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** RFC 6749 §3.3: words separated by spaces. Several issuers write a list. */
const wordsIn = (value: unknown): string[] | undefined => {
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '')
  const words = textsIn(value)
  return words?.some((word) => WHITE_SPACE.test(word)) ? undefined : words
}

/** RFC 6749 §3.3: services would read a scope with a space in it as several. */
const WHITE_SPACE = /\s/

/** One role, a list of roles, or an object whose member names are the roles (ZITADEL). */
function rolesIn(value: unknown): string[] | undefined {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return textsIn(value)
  const entries = Object.entries(value).filter(([, held]) => !isDenied(held))
  const areNames = entries.every(([name, held]) => name !== '' && isHeld(held))
  return areNames ? entries.map(([name]) => name) : undefined
}

/** An empty object is not a role: the user has the role in no organisation or resource. */
const isDenied = (held: unknown): boolean =>
  held === false || held === null || (typeof held === 'object' && Object.keys(held).length === 0)

/**
 * `{ admin: true }`, or an object about the role. A number or a string could also mean that the
 * user does not have the role.
 */
const isHeld = (value: unknown) => value === true || typeof value === 'object'

const textsIn = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '')
    ? value
    : undefined
