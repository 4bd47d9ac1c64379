import { isLoopbackOrigin } from '@gatehouse/edge-headers/web-origin'
import { type Static, Type } from 'typebox'
import { githubClaims } from './mapping/github-claims.ts'
import { mappedSources, mappingFaults, mappingMembers } from './mapping/mapping-rules.ts'

const Word = Type.String({ minLength: 1, maxLength: 256, pattern: '^[^\\s"\\\\]+$' })

const common = {
  /** in paths, and therefore in the redirect URI that the provider knows */
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
  /** for people */
  name: Type.String({ minLength: 1, maxLength: 64 }),
  clientId: Type.String({ minLength: 1, maxLength: 512 }),
  /** only users with a verified address of these domains may sign in; empty: all */
  domains: Type.Array(Word, { default: [] }),
  /** `verified-email`: an account with the same verified address is linked at the login */
  linking: Type.Enum(['signed-in', 'verified-email'], { default: 'signed-in' }),
  /** whether a login may create an account */
  registration: Type.Boolean({ default: true }),
  ...mappingMembers
}

const SecretFile = Type.String({ minLength: 1 })

/** A provider that speaks OpenID Connect, as the file has it. */
export const OpenidInFile = Type.Object(
  {
    ...common,
    kind: Type.Literal('openid'),
    /** as the metadata of the provider have it */
    issuer: Type.String({ minLength: 1, maxLength: 512 }),
    /** absent: a public client */
    clientSecretFile: Type.Optional(SecretFile),
    clientAuthentication: Type.Enum(['basic', 'post'], { default: 'basic' }),
    scopes: Type.Array(Word, { default: ['openid', 'email'] }),
    /** whether it asks its users to sign in again with `prompt=login`, and has `auth_time` */
    reauthentication: Type.Boolean({ default: true }),
    /** claims that an ID token must have, such as `hd` of Google; one of the values */
    require: Type.Record(Word, Type.Array(Type.String({ maxLength: 256 }), { minItems: 1 }), {
      default: {}
    })
  },
  { additionalProperties: false }
)

/** GitHub, or a server of GitHub Enterprise, as the file has it. */
export const GithubInFile = Type.Object(
  {
    ...common,
    kind: Type.Literal('github'),
    /** where its users see it */
    url: Type.String({ minLength: 1, maxLength: 512, default: 'https://github.com' }),
    clientSecretFile: SecretFile
  },
  { additionalProperties: false }
)

export type OpenidFields = Static<typeof OpenidInFile>
export type GithubFields = Static<typeof GithubInFile>

export type OpenidEntry = Omit<OpenidFields, 'clientSecretFile'> & {
  /** null: a public client */
  readonly clientSecret: string | null
}

export type GithubEntry = Omit<GithubFields, 'clientSecretFile'> & {
  /** what GitHub sends as `iss` (RFC 9207), and under which its users are stored */
  readonly issuer: string
  /** the REST API, without a slash at the end */
  readonly api: string
  readonly clientSecret: string
}

export type ProviderEntry = OpenidEntry | GithubEntry

/** What is wrong with an OpenID provider that its schema cannot find. */
export function openidFaults({ issuer, scopes, ...mapping }: OpenidFields): string[] {
  const faults = mappingFaults(mapping)
  if (!isIssuer(issuer)) {
    faults.push('issuer must be an https URL without user, query and fragment, not its metadata')
  }
  if (isOfManyTenants(issuer)) faults.push('issuer must have the id of your tenant')
  if (!scopes.includes('openid')) faults.push('scopes must contain openid')
  return faults
}

/** What is wrong with GitHub that its schema cannot find. */
export const githubFaults = ({ url, ...mapping }: GithubFields): string[] => [
  ...(isWebsite(url) ? [] : [NO_WEBSITE]),
  ...mappingFaults(mapping),
  ...[...mappedSources(mapping)]
    .filter((claim) => !githubClaims.has(claim))
    .map(
      (claim) => `roleMapping and claimMapping: ${claim} is none of ${[...githubClaims].join(', ')}`
    )
]

const NO_WEBSITE = 'url must be an https address without a path, such as https://github.com'

/** Where GitHub has what a login needs. */
export function githubAddresses(text: string): Pick<GithubEntry, 'url' | 'issuer' | 'api'> {
  const url = URL.parse(text)
  // A fault of its own.
  if (url === null) return { url: text, issuer: text, api: text }
  const { origin, hostname } = url
  const ofCloud = hostname === 'github.com' || hostname.endsWith('.ghe.com')
  return {
    url: origin,
    issuer: `${origin}/login/oauth`,
    api: ofCloud ? `https://api.${hostname}` : `${origin}/api/v3`
  }
}

/** With the URL of the metadata, nothing would compare the issuer that they name. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.pathname.includes('/.well-known/')) return false
  const isSecure = url.protocol === 'https:' || isLocalIssuer(text)
  return (
    isSecure && url.href.replace(/\/$/, '') === `${url.origin}${url.pathname}`.replace(/\/$/, '')
  )
}

const isWebsite = (text: string): boolean =>
  isIssuer(text) && URL.parse(text)?.href === `${URL.parse(text)?.origin}/`

/** Microsoft Entra's names for more than one tenant: users of all of them would be let in. */
const isOfManyTenants = (issuer: string): boolean =>
  /^\/(common|organizations|consumers)(\/|$)/i.test(URL.parse(issuer)?.pathname ?? '') &&
  /^(login\.microsoftonline\.|sts\.windows\.)/.test(URL.parse(issuer)?.hostname ?? '')

/** Whether a provider is on this machine, where plain HTTP is enough. */
export const isLocalIssuer = (issuer: string): boolean =>
  issuer.startsWith('http:') && isLoopbackOrigin(URL.parse(issuer)?.origin ?? '')

/** Whether two issuers differ by the slash at the end of their host at most. */
export const sameIssuer = (one: string, other: string): boolean =>
  URL.parse(one)?.href === URL.parse(other)?.href
