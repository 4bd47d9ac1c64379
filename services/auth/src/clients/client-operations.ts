import { randomUUID } from 'node:crypto'
import type { JWK } from 'jose'
import type { RequestSource } from '../audit/audit-event.ts'
import { invalidMember } from '../refusals.ts'
import type { StaleTokens } from '../revocations/stale-tokens.ts'
import {
  type Client,
  type ClientAuthenticationMethod,
  clientAuthenticationMethods
} from './client.ts'
import {
  checkedAudiences,
  type GivenAudiences,
  type ReservedAudiences
} from './client-audiences.ts'
import { readClientKeys } from './client-keys.ts'
import { clientSecretDigest, newClientSecret } from './client-secret.ts'
import type { ClientStore } from './client-store.ts'

export type ClientRegistration = Partial<GivenAudiences> & {
  readonly name: string
  readonly scope: readonly string[]
  readonly authenticationMethod: ClientAuthenticationMethod
  /** a JWK Set (RFC 7517 §5), only for `private_key_jwt` */
  readonly jwks?: unknown
}

/** A secret, which is shown once: only its digest is stored. */
type NewSecret = { readonly secretId: number; readonly secret: string }

/** The operations on machine clients. Each change is one transaction with its event. */
export type ClientOperations = {
  /**
   * Creates a client, and its first secret if it authenticates with one.
   * @throws Refusal INVALID_REQUEST naming the invalid member
   */
  create(
    registration: ClientRegistration,
    source: RequestSource
  ): Promise<{ client: Client; secret: NewSecret | null }>
  /** The oldest first. */
  list(): Promise<Client[]>
  /**
   * The client gets no new tokens, and its tokens become stale. False if there is no such client.
   */
  disable(id: string, source: RequestSource): Promise<boolean>
  enable(id: string, source: RequestSource): Promise<boolean>
  /**
   * Replaces the audiences. Tokens that the client has, including exchanged ones, become stale.
   * False if there is no such client.
   * @throws Refusal INVALID_REQUEST naming the invalid member
   */
  setAudiences(id: string, audiences: GivenAudiences, source: RequestSource): Promise<boolean>
  /**
   * Adds a secret. The previous one stays valid, older ones do not. Null if there is no such
   * client.
   * @throws Refusal INVALID_REQUEST if the client has keys
   */
  addSecret(id: string, source: RequestSource): Promise<NewSecret | null>
}

const LONGEST_NAME = 100
/** together with the rest of an identity, it must fit the headers that services get */
const LONGEST_SCOPE = 1024
/** RFC 6749 §3.3 */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

export function clientOperations(ports: {
  readonly store: ClientStore
  readonly stale: Pick<StaleTokens, 'now'>
  readonly reserved: ReservedAudiences
  readonly clock: () => number
}): ClientOperations {
  const { store, stale, reserved, clock } = ports
  const by = (source: RequestSource) => ({ source, clock })
  return {
    async create(registration, source) {
      const {
        name,
        scope,
        authenticationMethod,
        receives = [],
        calls = [],
        roles = []
      } = registration
      refuseMembers(registration)
      const client: Client = {
        id: randomUUID(),
        name,
        authenticationMethod,
        disabled: false,
        tokensNotBefore: 0,
        rightsVersion: 0,
        scope: [...new Set(scope)],
        roles: [],
        ...checkedAudiences({ receives, calls, roles }, reserved),
        keys: keysOf(registration),
        createdAt: Math.floor(clock() / 1000)
      }
      const secret = authenticationMethod === 'private_key_jwt' ? null : newClientSecret()
      const digest = secret === null ? null : clientSecretDigest(secret)
      const secretId = await store.insert(client, digest, by(source))
      return { client, secret: secret === null ? null : { secretId, secret } }
    },
    list: () => store.list(),
    disable: (id, source) => store.disable(id, stale.now, by(source)),
    enable: (id, source) => store.enable(id, by(source)),
    async setAudiences(id, audiences, source) {
      const checked = checkedAudiences(audiences, reserved)
      return await store.setAudiences(id, checked, stale.now, by(source))
    },
    async addSecret(id, source) {
      const client = await store.findById(id)
      if (client?.authenticationMethod === 'private_key_jwt') {
        throw invalidMember('id', 'is of a client that authenticates with keys, not with secrets')
      }
      const secret = newClientSecret()
      const secretId = await store.addSecret(id, clientSecretDigest(secret), by(source))
      return secretId === null ? null : { secretId, secret }
    }
  }
}

function refuseMembers({ name, scope, authenticationMethod }: ClientRegistration): void {
  if (name.trim() === '' || name.length > LONGEST_NAME || /\p{C}/u.test(name)) {
    throw invalidMember('name', `must be 1 to ${LONGEST_NAME} printable characters`)
  }
  const sensible = scope.every((one) => SCOPE_TOKEN.test(one))
  if (!sensible || scope.join(' ').length > LONGEST_SCOPE) {
    throw invalidMember(
      'scope',
      `must be words of printable ASCII, at most ${LONGEST_SCOPE} characters`
    )
  }
  if (!clientAuthenticationMethods.includes(authenticationMethod)) {
    throw invalidMember(
      'authenticationMethod',
      `must be one of ${clientAuthenticationMethods.join(', ')}`
    )
  }
}

function keysOf({ authenticationMethod, jwks }: ClientRegistration): readonly JWK[] {
  if (authenticationMethod !== 'private_key_jwt') {
    if (jwks === undefined) return []
    throw invalidMember('jwks', 'is allowed only with private_key_jwt')
  }
  const keys = readClientKeys(jwks)
  if (typeof keys === 'string') throw invalidMember('jwks', keys)
  return keys
}
