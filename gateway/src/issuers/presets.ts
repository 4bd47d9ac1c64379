import { isObject } from '../tokens/claims/claim-path.ts'
import { type IssuerEntry, type IssuerType, TENANT } from './issuer-entry.ts'

/** What the type of an issuer says about its tokens. Values in the entry override it. */
type Preset = Partial<Pick<IssuerEntry, 'types' | 'claims' | 'require'>>
/** The address of its keys, if it is not the one of OpenID Connect Discovery. */
type Keys = Partial<Pick<IssuerEntry, 'jwksUrl' | 'discoveryUrl'>>

const ANY = { present: true } as const

/**
 * The documented access tokens of each issuer; docs/issuers has a page for each. Google documents
 * only ID tokens.
 */
const presets: Readonly<Record<IssuerType, Preset>> = {
  keycloak: {
    types: ['JWT', 'at+jwt'],
    // In ID tokens, this claim is ID, and in refresh tokens Refresh.
    require: { typ: 'Bearer' },
    claims: { client: 'azp', roles: ['realm_access', 'roles'], email: 'email' }
  },
  auth0: { types: ['JWT', 'at+jwt'] },
  entra: { types: ['JWT'], claims: { client: 'azp', scope: 'scp', roles: 'roles' } },
  cognito: {
    types: ['absent'],
    // Access tokens have no `aud`, and ID tokens have no `client_id`.
    require: { token_use: 'access' },
    claims: { audience: 'client_id', client: 'client_id', roles: 'cognito:groups' }
  },
  okta: { types: ['absent', 'at+jwt'], claims: { client: 'cid', scope: 'scp' } },
  google: { types: ['JWT'], claims: { client: 'azp', email: 'email' } },
  supabase: { types: ['JWT'], claims: { roles: 'role', email: 'email' } },
  zitadel: {
    types: ['JWT', 'at+jwt'],
    // ID tokens have the same audience and no id.
    require: { jti: ANY }
  }
}

/** OpenID Connect Discovery §4 */
export const discoveryOf = (issuer: string): string =>
  `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`

/**
 * Entra's tokens of version 1.0 have another issuer, and another claim for the client: global and
 * government clouds, and the cloud in China.
 */
const FIRST_ENTRA = new Set(['sts.windows.net', 'sts.chinacloudapi.cn'])
const isFirstEntra = (issuer: unknown) => FIRST_ENTRA.has(URL.parse(String(issuer))?.hostname ?? '')

/**
 * The audience of ID tokens is the id of an application, and an API can be its own client. Only
 * access tokens name the client.
 */
const APPLICATION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function presetOf(type: IssuerType, { issuer, audience }: Record<string, unknown>): Preset {
  const preset = presets[type]
  if (type === 'zitadel') return { ...preset, claims: rolesOfProject(audience) }
  if (type !== 'entra') return preset
  const client = isFirstEntra(issuer) ? 'appid' : 'azp'
  const hasApplication = [audience].flat().some((one) => APPLICATION_ID.test(String(one)))
  return {
    ...preset,
    require: hasApplication ? { [client]: ANY } : {},
    claims: { ...preset.claims, client }
  }
}

/**
 * `urn:zitadel:iam:org:project:roles` has the roles in the project of the client. Any client can
 * ask for the audience of any other project, so only the claim that names the project says who has
 * a role there. An entry with several audiences names the claim itself.
 */
function rolesOfProject(audience: unknown): IssuerEntry['claims'] {
  const [project, ...others] = [audience].flat()
  if (typeof project !== 'string' || others.length > 0) return {}
  return { roles: [`urn:zitadel:iam:org:project:${project}:roles`] }
}

function keysOf(type: IssuerType, issuer: string): Keys {
  if (type === 'supabase') return { jwksUrl: `${issuer.replace(/\/$/, '')}/.well-known/jwks.json` }
  // Entra's metadata for all tenants contain the template itself.
  return type === 'entra' && issuer.includes(TENANT)
    ? { discoveryUrl: discoveryOf(issuer.replace(TENANT, 'common')) }
    : {}
}

/**
 * An entry with the values of its type added where it has none of its own. The schema checks the
 * result.
 */
export function withPreset(entry: unknown): unknown {
  if (!isObject(entry)) return entry
  const { type, issuer } = entry
  if (!isIssuerType(type)) return entry
  const address = typeof issuer === 'string' ? issuer : ''
  const preset = presetOf(type, entry)
  const hasKeys = 'jwksUrl' in entry || 'discoveryUrl' in entry
  return {
    ...preset,
    ...(hasKeys ? {} : keysOf(type, address)),
    ...entry,
    types: typesOf(preset, entry.types),
    claims: under(preset.claims ?? {}, entry.claims),
    require: under(preset.require ?? {}, entry.require)
  }
}

/**
 * If an entry lists only documented values, the gateway accepts only these. A list with any other
 * value comes from an operator who does not know the documented values, and alone it could refuse
 * every token of the product. So the gateway also accepts all documented values.
 */
function typesOf({ types: documented = [] }: Preset, own: unknown): unknown {
  if (own === undefined) return documented
  if (!Array.isArray(own)) return own
  const isChoice = own.every((type) => documented.includes(type))
  return isChoice ? own : [...own, ...documented.filter((type) => !own.includes(type))]
}

const isIssuerType = (type: unknown): type is IssuerType =>
  typeof type === 'string' && Object.hasOwn(presets, type)

/** A value that is not an object is left for the schema to refuse. */
const under = (preset: object, own: unknown): unknown =>
  own === undefined ? preset : isObject(own) ? { ...preset, ...own } : own
