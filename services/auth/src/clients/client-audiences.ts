import { invalidMember } from '../refusals.ts'

/** The part of a machine client that token exchange needs (RFC 8693); empty: no exchange. */
export type ClientAudiences = {
  /**
   * the audiences that the client is: it may exchange and introspect tokens for these. For an
   * assertion of a gateway, the audience of its route.
   */
  readonly receives: readonly string[]
  /** the audiences for which it may exchange them */
  readonly calls: readonly string[]
}

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
  { receives, calls }: ClientAudiences,
  { installation, own }: ReservedAudiences
): ClientAudiences {
  const checked = (name: keyof ClientAudiences, given: readonly string[], refused: string[]) => {
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
    calls: checked('calls', calls, [...own, installation])
  }
}
