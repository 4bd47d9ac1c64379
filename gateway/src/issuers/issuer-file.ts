import { readFileSync } from 'node:fs'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'

const Claim = Type.String({ pattern: '^[^.]+(\\.[^.]+)*$', maxLength: 255 })

/** An issuer of tokens besides our own, as it is written in the file. */
export const IssuerRow = Type.Object(
  {
    /** before its subjects and clients, so that they are nobody else's */
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
    /** `iss`, to the letter */
    issuer: Type.String({ minLength: 1, maxLength: 255 }),
    audience: Type.String({ minLength: 1, maxLength: 255 }),
    /** where its key set is */
    jwksUrl: Type.Optional(Type.String()),
    /** where it says so (OpenID Connect Discovery §4, RFC 8414 §3); below the issuer where neither is given */
    discoveryUrl: Type.Optional(Type.String()),
    /** `typ` of its access tokens: with JWT, which an ID token has as well, its audience alone tells them apart */
    types: Type.Array(Type.Enum(['at+jwt', 'JWT']), { default: ['at+jwt'], minItems: 1 }),
    /** which claim says what; a dot leads into an object */
    claims: Type.Object(
      {
        scope: Type.Optional(Claim),
        roles: Type.Optional(Claim),
        client: Type.Optional(Claim),
        email: Type.Optional(Claim)
      },
      { additionalProperties: false, default: {} }
    )
  },
  { additionalProperties: false }
)
export type IssuerRow = Static<typeof IssuerRow>

const IssuerFile = Type.Object(
  { issuers: Type.Array(IssuerRow, { maxItems: 32 }) },
  { additionalProperties: false }
)

/**
 * The issuers besides our own.
 * @throws SettingsFault with all faults
 */
export function loadIssuers(file: string, ownIssuer: string): IssuerRow[] {
  let document: unknown
  try {
    document = Value.Default(IssuerFile, parse(readFileSync(file, 'utf8')))
  } catch (error) {
    throw new SettingsFault([`GATEWAY_ISSUERS_FILE ${file}: ${(error as Error).message}`])
  }
  const faults = [...Value.Errors(IssuerFile, document)].map(
    ({ instancePath, message }) => `GATEWAY_ISSUERS_FILE ${instancePath || 'the file'} ${message}`
  )
  if (faults.length > 0) throw new SettingsFault(faults)
  const { issuers } = document as Static<typeof IssuerFile>
  const unsafe = unsafeIssuers(issuers, ownIssuer)
  if (unsafe.length > 0) throw new SettingsFault(unsafe)
  return issuers
}

/** What a schema cannot say. */
function unsafeIssuers(issuers: readonly IssuerRow[], ownIssuer: string): string[] {
  const faults: string[] = []
  const seen = new Set([ownIssuer])
  const names = new Set<string>()
  for (const { name, issuer, jwksUrl, discoveryUrl } of issuers) {
    if (seen.has(issuer)) faults.push(`issuer ${name}: ${issuer} is trusted already`)
    if (names.has(name)) faults.push(`issuer ${name}: the name is used twice`)
    seen.add(issuer)
    names.add(name)
    if (jwksUrl !== undefined && discoveryUrl !== undefined) {
      faults.push(`issuer ${name}: jwksUrl and discoveryUrl exclude each other`)
    }
    const url = jwksUrl ?? discoveryUrl ?? issuer
    if (!isPrivateUrl(url)) faults.push(`issuer ${name}: ${url} is not an address of https`)
  }
  return faults
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Keys that come over plain HTTP are anybody's who is on the way; on this machine nobody is. */
export function isPrivateUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname))
}
