import {
  type CutOffs,
  NO_CUT_OFF,
  type RevocableToken,
  type SubjectCutOff,
  whyRevoked
} from '@gatehouse/revocation/why-revoked'
import type { Account } from '../../accounts/account.ts'
import type { AccountStore } from '../../accounts/account-store.ts'
import type { Client } from '../../clients/client.ts'
import type { Clients } from '../../clients/open-clients.ts'
import { isUuid } from '../../database/statements/uuid.ts'
import { keysUnreadable } from '../../keys/key-refusals.ts'
import type { LiveSigningKeys } from '../../keys/live-signing-keys.ts'
import type { SigningKey } from '../../keys/signing-key.ts'
import type { Revocations } from '../../revocations/open-revocations.ts'
import type { ListedSession } from '../../sessions/list-sessions.ts'
import type { Sessions } from '../../sessions/sessions.ts'

/** A user who may sign in, and one of the user's live sessions. */
type LiveSession = { readonly account: Account } & Pick<ListedSession, 'record' | 'authentication'>

/** A user with a live session, or a machine client. */
export type TokenOwner =
  | { readonly session: LiveSession; readonly client: null }
  | { readonly session: null; readonly client: Client }

export type TokenStanding = {
  liveSession(subject: string, sid: string): Promise<LiveSession | null>
  /**
   * The subject of a valid token that is not revoked at this moment, by the rule of the gateways,
   * with what the stores say now. Its session must be live, and its subject and all its actors must
   * be enabled.
   * @returns null if the token is revoked
   * @throws Refusal UNAVAILABLE if a store does not answer
   */
  subjectOf(token: RevocableToken): Promise<TokenOwner | null>
}

type TokenStandingOptions = {
  readonly accounts: Pick<AccountStore, 'findById'>
  readonly clients: Pick<Clients, 'findById'>
  readonly sessions: Pick<Sessions, 'list'>
  readonly revocations: Pick<Revocations, 'stale'>
  readonly keys: Pick<LiveSigningKeys, 'current' | 'read'>
}

/** of a subject that does not exist or is disabled: none of its tokens counts */
const ALL_STALE: SubjectCutOff = {
  before: Number.POSITIVE_INFINITY,
  version: Number.POSITIVE_INFINITY,
  beforeVersion: Number.POSITIVE_INFINITY
}

export const tokenStanding = (stores: TokenStandingOptions): TokenStanding => ({
  liveSession: (subject, sid) => liveSession(subject, sid, stores),
  async subjectOf(token) {
    const { subject, session: sid } = token.identity
    const session = sid === null ? null : await liveSession(subject, sid, stores)
    const client = sid === null ? await findClient(subject, stores) : null
    const ofSubject = await actorCutOffs(token, stores)
    ofSubject.set(subject, cutOffOf(session?.account ?? client))
    const allNotBefore = await stores.revocations.stale.allNotBefore()
    const withdrawn = await withdrawnOf(keysOf(token), stores)
    const cutOffs: CutOffs = {
      isKeyRevoked: (kid) => withdrawn.has(kid),
      hasSessionEnded: () => session === null,
      sessionNotBefore: () => session?.record.tokensNotBefore ?? 0,
      ofSubject: (id) => ofSubject.get(id) ?? NO_CUT_OFF,
      allNotBefore: () => allNotBefore
    }
    if (whyRevoked(token, cutOffs) !== null) return null
    if (session !== null) return { session, client: null }
    return client === null ? null : { session, client }
  }
})

async function liveSession(
  subject: string,
  sid: string,
  { accounts, sessions }: TokenStandingOptions
): Promise<LiveSession | null> {
  const account = await accounts.findById(subject)
  if (account === null || account.disabled) return null
  const live = await sessions.list(subject)
  const family = live.find((one) => one.sid === sid)
  return family === undefined ? null : { ...family, account }
}

async function actorCutOffs(
  { delegation }: RevocableToken,
  stores: TokenStandingOptions
): Promise<Map<string, SubjectCutOff>> {
  const cutOffs = new Map<string, SubjectCutOff>()
  for (const { id } of delegation?.actors ?? []) {
    cutOffs.set(id, cutOffOf(await findClient(id, stores)))
  }
  return cutOffs
}

const findClient = async (id: string, { clients }: TokenStandingOptions): Promise<Client | null> =>
  isUuid(id) ? await clients.findById(id) : null

/** The keys that signed the token, and the tokens from which it was made. */
function keysOf({ kid, delegation }: RevocableToken): readonly string[] {
  const sources = delegation?.keys ?? []
  return kid === null ? sources : [kid, ...sources]
}

/** A key that is no longer published was revoked, or its last token has expired. */
async function withdrawnOf(
  kids: readonly string[],
  { keys }: TokenStandingOptions
): Promise<ReadonlySet<string>> {
  const missing = (published: readonly SigningKey[]) =>
    kids.filter((kid) => !published.some((key) => key.kid === kid))
  if (missing(await keys.current()).length === 0) return new Set()
  const read = await keys.read().catch((error: unknown) => {
    throw keysUnreadable(error)
  })
  return new Set(missing(read))
}

/** What a change of the rights of an account or client has made stale. */
const cutOffOf = (owner: Account | Client | null): SubjectCutOff =>
  owner === null || owner.disabled
    ? ALL_STALE
    : { before: 0, version: owner.rightsVersion, beforeVersion: owner.tokensNotBefore }
