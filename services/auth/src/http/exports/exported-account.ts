import { Type } from 'typebox'
import type { ExportedAccount } from '../../accounts/exports/account-exports.ts'
import { Claims, instant, instantOrNull, iso, SessionId, stored, uuid } from '../fields.ts'
import { events, shownEvents } from './exported-events.ts'

const text = (description: string, example: string) =>
  Type.String({ description, examples: [example] })

const User = Type.Object(
  {
    id: uuid('The permanent id of the account: sub in access tokens.'),
    ...stored,
    emailTyped: Type.Union([Type.String({ examples: ['Ada@example.com'] }), Type.Null()], {
      description: 'The address as it was typed; null: not known.'
    }),
    emailVerifiedAt: instantOrNull('When the owner of the address has proven it; null: not yet.'),
    claims: Claims,
    createdAt: instant('When the account was created.'),
    passwordChangedAt: instantOrNull('When its user last changed the password; null: never.'),
    deletionAt: instantOrNull('When the account will be deleted; null: nobody asked for it.')
  },
  { title: 'ExportedUser', description: 'The account.' }
)

const Authenticator = Type.Object(
  {
    id: text('The id of the factor.', 'k3VxE0o9W1lQn5cT7yB2dA'),
    name: text('What the user calls it.', 'Phone'),
    createdAt: instant('When it was created.'),
    confirmedAt: instantOrNull('When it became active; null: not yet.'),
    lastUsedAt: instantOrNull('When it was last accepted; null: never.')
  },
  { title: 'ExportedAuthenticator', description: 'An authenticator app, without its secret.' }
)

const Passkey = Type.Object(
  {
    id: text('The id of the factor.', 'k3VxE0o9W1lQn5cT7yB2dA'),
    name: text('What the user calls it.', 'Laptop'),
    credentialId: text(
      'The id that the authenticator chose, in base64url.',
      'q1mZ6ZpJ3nYt0Wm4a8kVxw'
    ),
    publicKey: text('The public key (COSE), in base64url.', 'pQECAyYgASFYIA'),
    model: text('The model of the authenticator (AAGUID).', '00000000-0000-0000-0000-000000000000'),
    transports: Type.Array(Type.String({ examples: ['internal'] }), {
      description: 'How the browser reaches the authenticator.'
    }),
    signCount: Type.Integer({
      description: 'The signature counter of the authenticator (WebAuthn); 0: it does not count.',
      examples: [3]
    }),
    canBackUp: Type.Boolean({
      examples: [true],
      description: 'Whether it can be copied to other devices.'
    }),
    backedUp: Type.Boolean({
      examples: [true],
      description: 'Whether it was copied to other devices.'
    }),
    createdAt: instant('When it was added.'),
    lastUsedAt: instantOrNull('When it was last accepted; null: never.')
  },
  { title: 'ExportedPasskey', description: 'A passkey. Its private key is not stored here.' }
)

const Identity = Type.Object(
  {
    id: text('The id of the link.', '3f0b6f7e-21f5-4a27-93f5-6a3a4f6a5b0c'),
    issuer: text('The issuer of the provider.', 'https://accounts.google.com'),
    subject: text('The id of the user at the provider.', '110169484474386276334'),
    email: Type.Union([Type.String({ examples: ['ada@example.com'] }), Type.Null()], {
      description: 'The address there when it was last used; null: the provider does not say.'
    }),
    createdAt: instant('When it was linked.'),
    lastUsedAt: instantOrNull('When it last opened a session; null: never.'),
    provided: Type.Unknown({
      description:
        'The roles and claims that it gave at the last login, each with the claim from which it comes; null: none.',
      examples: [{ roles: [{ role: 'editor', claim: 'groups', value: 'editors' }], claims: [] }]
    })
  },
  { title: 'ExportedIdentity', description: 'A linked provider.' }
)

const Session = Type.Object(
  {
    id: SessionId,
    createdAt: instant('When the user signed in.'),
    authenticatedAt: instant('When the user last proved who they are.'),
    lastUsedAt: instant('When the session was last used; may be late.'),
    expiresAt: instant('When the session ends, however it is used.'),
    methods: Type.Array(Type.String({ examples: ['pwd'] }), {
      description: 'How the user signed in: amr in access tokens.'
    }),
    client: text('The client_id of the session.', 'gatehouse'),
    scope: Type.Array(Type.String({ examples: ['orders:read'] }), {
      description: 'Its scope; empty: that of the account.'
    }),
    label: text('The kind of browser or program that signed in.', 'Firefox on Linux')
  },
  { title: 'ExportedSession', description: 'A live session. Ended ones are among the events.' }
)

const Link = Type.Object(
  {
    purpose: text('What the link was for.', 'password-reset'),
    email: text('The address to which it was sent.', 'ada@example.com'),
    createdAt: instant('When it was sent.'),
    expiresAt: instant('When it expires.'),
    usedAt: instantOrNull('When it was used, or became invalid; null: it was not used.')
  },
  { title: 'ExportedLink', description: 'A link in an e-mail, without its token.' }
)

/** @param title the name of the schema, which is unique in each API */
export const exportedAccount = (title: string) =>
  Type.Object(
    {
      user: User,
      authenticators: Type.Array(Authenticator, { description: 'The authenticator apps.' }),
      passkeys: Type.Array(Passkey, { description: 'The passkeys.' }),
      identities: Type.Array(Identity, { description: 'The linked providers.' }),
      recoveryCodes: Type.Integer({ description: 'How many are left.', examples: [10] }),
      sessions: Type.Array(Session, { description: 'The live sessions.' }),
      links: Type.Array(Link, { description: 'The links that were sent recently.' }),
      ...events
    },
    { title, description: 'Everything that is stored about an account, without secrets.' }
  )

const isoOrNull = (seconds: number | null): string | null =>
  seconds === null ? null : iso(seconds)

const isoOfMs = (ms: number): string => new Date(ms).toISOString()

export const shownExport = (exported: ExportedAccount) => ({
  user: shownUser(exported.account),
  authenticators: exported.authenticators.map(({ usedAt, ...authenticator }) => ({
    ...authenticator,
    createdAt: iso(authenticator.createdAt),
    confirmedAt: isoOrNull(authenticator.confirmedAt),
    lastUsedAt: isoOrNull(usedAt)
  })),
  passkeys: exported.passkeys.map(({ usedAt, ...passkey }) => ({
    ...passkey,
    createdAt: iso(passkey.createdAt),
    lastUsedAt: isoOrNull(usedAt)
  })),
  identities: exported.identities.map(({ usedAt, ...identity }) => ({
    ...identity,
    createdAt: iso(identity.createdAt),
    lastUsedAt: isoOrNull(usedAt)
  })),
  recoveryCodes: exported.recoveryCodes,
  sessions: exported.sessions.map(({ sid, openedAt, usedAt, ...session }) => ({
    ...session,
    id: sid,
    createdAt: iso(openedAt),
    authenticatedAt: iso(session.authenticatedAt),
    lastUsedAt: iso(usedAt),
    expiresAt: iso(session.expiresAt)
  })),
  links: exported.links.map(({ purpose, email, ...link }) => ({
    purpose,
    email,
    createdAt: isoOfMs(link.createdAtMs),
    expiresAt: iso(link.expiresAt),
    usedAt: link.usedAtMs === null ? null : isoOfMs(link.usedAtMs)
  })),
  ...shownEvents(exported)
})

const shownUser = (account: ExportedAccount['account']) => ({
  id: account.id,
  email: account.email,
  roles: [...account.roles],
  scope: [...account.scope],
  emailTyped: account.emailTyped,
  emailVerifiedAt: isoOrNull(account.emailVerifiedAt),
  claims: { ...account.claims },
  createdAt: iso(account.createdAt),
  passwordChangedAt: account.passwordChange === null ? null : isoOfMs(account.passwordChange.atMs),
  deletionAt: isoOrNull(account.deleteAfter)
})
