import { randomUUID } from 'node:crypto'
import { MOST_WORDS, WORD } from '@gatehouse/access-token/word-form'
import { isUuid } from '../../database/statements/uuid.ts'
import { type AccountClaims, claimsFault } from '../account-claims.ts'
import { canonicalEmail, typedEmail } from '../email-addresses/email.ts'
import { identityFault } from '../identity-fault.ts'
import { ForeignHashFault, readForeignHash } from '../passwords/hashes/foreign-hash.ts'
import { passwordCost } from '../passwords/hashes/hash-kinds.ts'

/** A user of another system, as an operator's file describes one. */
export type ForeignUser = {
  readonly email: string
  /** in one of the spellings that `readForeignHash` knows; absent if the user has no password */
  readonly passwordHash?: string
  /**
   * kept if it is a UUID, so that data that services store under the id still belongs to the user
   */
  readonly id?: string
  readonly roles?: readonly string[]
  readonly scope?: readonly string[]
  readonly claims?: AccountClaims
  readonly disabled?: boolean
  /** ISO 8601 */
  readonly createdAt?: string
}

/** An account that can be stored. */
export type ImportedAccount = {
  readonly id: string
  readonly email: string
  readonly emailTyped: string
  /** empty if there is no password */
  readonly passwordHash: string
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  readonly claims: AccountClaims
  readonly disabled: boolean
  /** seconds since 1970 */
  readonly createdAt: number
}

type ImportPolicy = {
  /** the roles of a user for whom the file names none */
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  /** whether to import users without a password, who cannot sign in until an operator sets one */
  readonly allowNoPassword: boolean
  readonly nowMs: number
  /** the costs of all accounts; importing an account adds its cost */
  readonly costs: Set<string>
}

/** Why a user cannot be imported, as text for the report. */
export class ImportFault extends Error {
  override readonly name = 'ImportFault'
}

/** Every login verifies a hash of each cost, so that its time does not show who has an account. */
const MOST_COSTS = 8

/** @throws ImportFault */
export function importedAccount(user: ForeignUser, policy: ImportPolicy): ImportedAccount {
  const email = canonicalEmail(user.email)
  if (email === null) throw new ImportFault('the e-mail address is not valid')
  const roles = wordsOf('roles', user.roles ?? policy.roles)
  const scope = wordsOf('scope', user.scope ?? policy.scope)
  const { claims = {} } = user
  const wrong = claimsFault(claims)
  if (wrong !== null) throw new ImportFault(`claims ${wrong}`)
  const fault = identityFault({ email, roles, scope, claims })
  if (fault !== null) throw new ImportFault(`roles, scope and claims ${fault}`)
  return {
    id: idOf(user),
    email,
    emailTyped: typedEmail(user.email),
    passwordHash: hashOf(user, policy),
    roles,
    scope,
    claims,
    disabled: user.disabled ?? false,
    createdAt: createdAtOf(user, policy)
  }
}

function idOf({ id }: ForeignUser): string {
  const known = id?.toLowerCase() ?? ''
  return isUuid(known) ? known : randomUUID()
}

function hashOf({ passwordHash }: ForeignUser, { allowNoPassword, costs }: ImportPolicy): string {
  if (passwordHash === undefined) {
    if (allowNoPassword) return ''
    throw new ImportFault('there is no password hash')
  }
  const stored = readHash(passwordHash)
  const cost = passwordCost(stored)
  if (!costs.has(cost) && costs.size >= MOST_COSTS) {
    throw new ImportFault(
      `the import has more than ${MOST_COSTS} different hash costs; every login would have to compute one hash per cost`
    )
  }
  costs.add(cost)
  return stored
}

function readHash(text: string): string {
  try {
    return readForeignHash(text)
  } catch (error) {
    throw error instanceof ForeignHashFault
      ? new ImportFault(`the password hash ${error.message}`)
      : error
  }
}

function wordsOf(member: string, words: readonly string[]): readonly string[] {
  if (words.length > MOST_WORDS)
    throw new ImportFault(`${member} has more than ${MOST_WORDS} words`)
  if (words.every((word) => WORD.test(word))) return [...new Set(words)]
  throw new ImportFault(`${member} has a word with characters that a token cannot contain`)
}

function createdAtOf({ createdAt }: ForeignUser, { nowMs }: ImportPolicy): number {
  if (createdAt === undefined) return Math.floor(nowMs / 1000)
  const atMs = Date.parse(createdAt)
  if (Number.isNaN(atMs) || atMs < 0 || atMs > nowMs) {
    throw new ImportFault('the creation time is not in the past')
  }
  return Math.floor(atMs / 1000)
}
