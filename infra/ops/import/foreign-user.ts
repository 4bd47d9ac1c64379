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
  readonly disabled?: boolean
  readonly createdAt?: string
}

/** The rights of a user for whom the file names none. */
export type ImportDefaults = {
  readonly roles: readonly string[] | undefined
  readonly scope: readonly string[] | undefined
  readonly firebase: FirebaseHashConfig | null
}

/**
 * Reads an entry of an export: in our own form, or with the member names of Keycloak, Auth0,
 * Supabase, Firebase or Django.
 * @throws EntryFault
 */
export function foreignUser(
  entry: Readonly<Record<string, unknown>>,
  { roles, scope, firebase }: ImportDefaults
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
    ...present('disabled', isDisabled(members)),
    ...present('createdAt', createdAt(members))
  }
}

const present = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: Value }

function isDisabled(members: Members): boolean | undefined {
  const enabled = members.flag('enabled', 'isactive', 'active')
  return members.flag('disabled', 'blocked') ?? (enabled === undefined ? undefined : !enabled)
}

/** Above this, a number is in milliseconds, otherwise in seconds. */
const LEAST_MS = 100_000_000_000

function createdAt(members: Members): string | undefined {
  const names = ['createdat', 'createdtimestamp', 'created', 'datejoined'] as const
  const text = members.text(...names)
  if (text === undefined) return undefined
  const number = Number(text)
  const date = new Date(Number.isNaN(number) ? text : number < LEAST_MS ? number * 1000 : number)
  if (Number.isNaN(date.getTime())) throw new EntryFault('has an invalid creation time')
  return date.toISOString()
}
