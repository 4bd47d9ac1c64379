import { credentialHash } from './credential-hash.ts'
import type { FirebaseHashConfig } from './firebase-hash-config.ts'
import { EntryFault } from './line.ts'
import { type Members, membersOf } from './members.ts'

/** A user in the form of the ops listener. */
export type ForeignUser = {
  readonly email: string
  readonly passwordHash?: string
  readonly id?: string
  readonly roles?: readonly string[]
  readonly scope?: readonly string[]
  readonly claims?: Readonly<Record<string, unknown>>
  readonly disabled?: boolean
  readonly createdAt?: string
}

/** The rights of a user for whom the file names none. */
export type ImportDefaults = {
  readonly roles: readonly string[] | undefined
  readonly scope: readonly string[] | undefined
  readonly firebase: FirebaseHashConfig | null
  /** now, in milliseconds since 1970 */
  readonly clock: () => number
}

/**
 * Reads an entry of an export: in our own form, or with the member names of Keycloak, Auth0,
 * Supabase, Firebase or Django.
 * @throws EntryFault
 */
export function foreignUser(
  entry: Readonly<Record<string, unknown>>,
  { roles, scope, firebase, clock }: ImportDefaults
): ForeignUser {
  const members = membersOf(entry)
  const email = members.text('email', 'emailaddress', 'mail')
  if (email === undefined) throw new EntryFault('has no e-mail address')
  return {
    email,
    ...present('passwordHash', credentialHash(entry, members, firebase)),
    ...present('id', members.text('id', 'uuid')),
    ...present('roles', members.words('roles', 'role') ?? roles),
    ...present('scope', members.words('scope', 'scopes') ?? scope),
    ...present('claims', members.object('claims')),
    ...present('disabled', isDisabled(members, clock())),
    ...present('createdAt', members.time(...CREATED)?.toISOString())
  }
}

const present = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: Value }

const CREATED = ['createdat', 'createdtimestamp', 'created', 'datejoined'] as const

const SHUT_OUT = ['disabled', 'blocked', 'banned', 'suspended', 'deleted'] as const
const ADMITTED = ['enabled', 'active'] as const

/**
 * A user whom the other system keeps out, for whatever reason, is kept out here. Of contradicting
 * members, the one that keeps the user out counts.
 */
function isDisabled(members: Members, nowMs: number): boolean | undefined {
  const bannedUntil = members.time('banneduntil')
  const said = [
    ...members.flags(...SHUT_OUT, ...SHUT_OUT.map((name) => `is${name}`)),
    ...members.flags(...ADMITTED, ...ADMITTED.map((name) => `is${name}`)).map((is) => !is),
    bannedUntil === undefined ? [] : bannedUntil.getTime() > nowMs,
    members.text('deletedat') === undefined ? [] : true
  ].flat()
  return said.length === 0 ? undefined : said.includes(true)
}
