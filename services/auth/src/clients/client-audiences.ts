import { MOST_WORDS, WORD } from '@gatehouse/access-token/word-form'
import { invalidMember } from '../refusals.ts'

/** The part of a machine client that token exchange needs (RFC 8693); empty: no exchange. */
export type ClientAudiences = {
  /**
   * the audiences of the client itself: it may exchange and introspect tokens that were issued for
   * them. For an assertion of a gateway, the audience of its route.
   */
  readonly receives: readonly string[]
  /** the audiences for which it may get tokens by exchange */
  readonly calls: readonly string[]
  /** the roles of users that its exchanged tokens may have; null: all of them */
  readonly roles: readonly string[] | null
}

/** The same as an operator sets it. Without `roles`, a client keeps those that it has. */
export type GivenAudiences = Omit<ClientAudiences, 'roles'> & { readonly roles?: readonly string[] }

/** Audiences that have a meaning of their own. */
export type ReservedAudiences = {
  /** of tokens that count on every route */
  readonly installation: string
  /** of this service: the issuer, and the routes that lead here */
  readonly own: readonly string[]
}

const MOST_AUDIENCES = 32
const LONGEST_AUDIENCE = 255
const AUDIENCE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/**
 * Each audience once.
 * @throws Refusal INVALID_REQUEST naming the member. No exchanged token is for the installation,
 * because it would count everywhere, or for this service, because a service could change the
 * account of its users.
 */
export function checkedAudiences(
  { receives, calls, roles }: GivenAudiences,
  { installation, own }: ReservedAudiences
): GivenAudiences {
  const checked = (name: 'receives' | 'calls', given: readonly string[], refused: string[]) => {
    const audiences = [...new Set(given)]
    const isReadable = audiences.every(
      (one) => AUDIENCE.test(one) && one.length <= LONGEST_AUDIENCE
    )
    if (!isReadable || audiences.length > MOST_AUDIENCES) {
      throw invalidMember(
        name,
        `must be at most ${MOST_AUDIENCES} audiences of printable ASCII, each with at most ${LONGEST_AUDIENCE} characters`
      )
    }
    const reserved = audiences.find((one) => refused.includes(one))
    if (reserved !== undefined) throw invalidMember(name, `must not contain ${reserved}`)
    return audiences
  }
  return {
    receives: checked('receives', receives, [...own]),
    calls: checked('calls', calls, [...own, installation]),
    ...(roles === undefined ? {} : { roles: checkedRoles(roles) })
  }
}

function checkedRoles(given: readonly string[]): string[] {
  const roles = [...new Set(given)]
  if (roles.every((one) => WORD.test(one)) && roles.length <= MOST_WORDS) return roles
  throw invalidMember(
    'roles',
    `must be at most ${MOST_WORDS} roles of 1 to 64 printable ASCII characters, without commas`
  )
}
