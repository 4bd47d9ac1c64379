import { type Static, type TObjectOptions, type TSchema, Type } from 'typebox'

/** How many services may act one after the other for the same subject. */
export const MOST_ACTORS = 4

const id = Type.String({ minLength: 1, maxLength: 255 })

/**
 * The schema of an actor. Its depth is at most `MOST_ACTORS`.
 * @param sub the schema of an actor's id
 * @param about what describes the latest actor, and those before it
 */
export function actorSchema<Sub extends TSchema>(
  sub: Sub,
  about: { readonly latest?: TObjectOptions; readonly earlier?: TObjectOptions } = {}
) {
  const first = Type.Object({ sub }, about.earlier)
  const second = Type.Object({ sub, act: Type.Optional(first) }, about.earlier)
  const third = Type.Object({ sub, act: Type.Optional(second) }, about.earlier)
  return Type.Object({ sub, act: Type.Optional(third) }, about.latest)
}

/**
 * The service that acts for the subject of a token, and those that acted before it, the latest
 * outermost (RFC 8693 §4.1).
 */
export const Actor = actorSchema(id)
export type Actor = { readonly sub: string; readonly act?: Actor }

/** What revokes an exchanged token, in addition to what revokes its subject and its session. */
export const Delegation = Type.Object({
  /** the keys that signed the tokens from which it was made */
  keys: Type.Array(id, { minItems: 1, maxItems: MOST_ACTORS }),
  /** the version of the rights of each actor when it acted, in the order of `act` */
  rights: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: MOST_ACTORS })
})
export type Delegation = Static<typeof Delegation>

/** A service that acted for the subject of a token. */
export type ActingClient = { readonly id: string; readonly rightsVersion: number }

/** What is known of a token that a service got for another token (RFC 8693). */
export type DelegatedToken = {
  /** the only audience that may accept it */
  readonly audience: string
  /** the latest first */
  readonly actors: readonly ActingClient[]
  /** the keys that signed the tokens from which it was made */
  readonly keys: readonly string[]
}

/** The members of a token that make it a delegated one. */
type DelegationClaims = { readonly act?: Actor; readonly delegation?: Delegation }

/**
 * Who acted in turn; null if there is no actor, undefined if the members contradict each other.
 * Pure.
 */
export function actorsOf({
  act,
  delegation
}: DelegationClaims): readonly ActingClient[] | null | undefined {
  if (act === undefined && delegation === undefined) return null
  const ids = actorIds(act)
  const rights = delegation?.rights ?? []
  if (ids.length === 0 || ids.length !== rights.length) return undefined
  return ids.map((actor, index) => ({ id: actor, rightsVersion: rights[index] ?? 0 }))
}

/** The members that name these actors, the latest first. */
export function actorClaims(
  actors: readonly ActingClient[],
  keys: readonly string[]
): DelegationClaims {
  let act: Actor | undefined
  for (const { id: sub } of actors.toReversed()) act = act === undefined ? { sub } : { sub, act }
  if (act === undefined) return {}
  const rights = actors.map(({ rightsVersion }) => rightsVersion)
  return { act, delegation: { keys: [...keys], rights } }
}

/**
 * Whether a token is for the whole installation (null), or was exchanged for one audience. A token
 * without an actor must name the audience of the installation. A token with one never does: it
 * must name one other audience, and only that one accepts it. Pure.
 * @returns undefined if it is neither
 */
export function delegationOf(
  claims: DelegationClaims & { readonly aud: string | readonly string[] },
  installation: string
): DelegatedToken | null | undefined {
  const audiences = [claims.aud].flat()
  const actors = actorsOf(claims)
  if (actors === null) return audiences.includes(installation) ? null : undefined
  const [audience] = audiences
  if (actors === undefined || audience === undefined) return undefined
  if (audiences.length !== 1 || audience === installation) return undefined
  return { audience, actors, keys: claims.delegation?.keys ?? [] }
}

function actorIds(act: Actor | undefined): string[] {
  const ids: string[] = []
  for (let actor = act; actor !== undefined; actor = actor.act) ids.push(actor.sub)
  return ids
}
