import type { FirebaseHashConfig } from './firebase-hash-config.ts'
import { EntryFault } from './line.ts'
import type { Members } from './members.ts'

/**
 * The password hash of an entry, in a spelling that the auth service reads; absent if there is
 * none.
 * @throws EntryFault
 */
export function credentialHash(
  entry: Readonly<Record<string, unknown>>,
  members: Members,
  firebase: FirebaseHashConfig | null
): string | undefined {
  const structured = keycloakHash(entry.credentials) ?? auth0Hash(entry.custom_password_hash)
  if (structured !== undefined) return structured
  const names = ['passwordhash', 'encryptedpassword', 'hashedpassword', 'hash', 'password'] as const
  const hash = members.text(...names)
  const salt = members.text('salt', 'passwordsalt')
  if (hash === undefined || salt === undefined) return hash
  if (firebase !== null) return firebaseHash(hash, salt, firebase)
  throw new EntryFault('has a separate salt: an export of Firebase needs --firebase-hash-config')
}

/** Firebase writes base64 for URLs. */
const plain = (base64: string): string =>
  base64.replaceAll('-', '+').replaceAll('_', '/').replaceAll('=', '')

const firebaseHash = (hash: string, salt: string, config: FirebaseHashConfig): string => {
  const { memCost, rounds, saltSeparator, signerKey } = config
  const cost = `v=1,n=${memCost},r=${rounds},p=1,ss=${saltSeparator},sk=${signerKey}`
  return `$fbscrypt$${cost}$${plain(salt)}$${plain(hash)}`
}

type KeycloakSecret = { value?: string; salt?: string }
type KeycloakData = {
  algorithm?: string
  hashIterations?: number
  additionalParameters?: Readonly<Record<string, readonly string[]>>
}

/** Keycloak: JSON in two members of the credential of type `password`. */
function keycloakHash(credentials: unknown): string | undefined {
  if (!Array.isArray(credentials)) return undefined
  const credential = credentials.find((one) => one?.type === 'password')
  if (credential === undefined) return undefined
  const secret = parsed<KeycloakSecret>(credential.secretData)
  const data = parsed<KeycloakData>(credential.credentialData)
  const { algorithm = '', hashIterations = 0 } = data
  const { value = '', salt = '' } = secret
  const tail = `$${plain(salt)}$${plain(value)}`
  if (algorithm === 'argon2') {
    const parameter = (name: string) => data.additionalParameters?.[name]?.[0] ?? ''
    const version = parameter('version') === '1.0' ? 16 : 19
    const lanes = parameter('parallelism')
    const cost = `m=${parameter('memory')},t=${hashIterations},p=${lanes}`
    return `$argon2${parameter('type')}$v=${version}$${cost}${tail}`
  }
  const digest = /^pbkdf2(?:-(sha256|sha512))?$/.exec(algorithm)
  if (digest === null)
    throw new EntryFault(`has a password hash of the unknown algorithm ${algorithm}`)
  return `$pbkdf2-${digest[1] ?? 'sha1'}$i=${hashIterations}${tail}`
}

function parsed<Value>(text: unknown): Partial<Value> {
  try {
    const value: unknown = JSON.parse(String(text))
    if (typeof value === 'object' && value !== null) return value as Partial<Value>
  } catch {}
  throw new EntryFault('has a credential that is not JSON')
}

/** Auth0's import format, which other systems also export. */
function auth0Hash(custom: unknown): string | undefined {
  const value = (custom as { hash?: { value?: unknown } } | null | undefined)?.hash?.value
  return typeof value === 'string' ? value : undefined
}
