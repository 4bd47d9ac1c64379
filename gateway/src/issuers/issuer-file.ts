import type { Environment } from '@gatehouse/settings/read-settings'
import { readText } from '@gatehouse/settings/read-text'
import type { DocumentFault } from '@gatehouse/settings/schema-faults'
import type { Static } from 'typebox'
import { claimNameFaults, forwardedClaimsOf } from '../tokens/claims/forwarded-claims.ts'
import { readContent, refuseFaults } from '../yaml/entry-faults.ts'
import { readYaml } from '../yaml/yaml-file.ts'
import { audienceClaimFault, withAudienceClaim } from './audience-claim.ts'
import { isAuthenticUrl } from './authentic-url.ts'
import { type IssuerEntry, IssuerFile, issuersOf, TENANT } from './issuer-entry.ts'
import { withPreset } from './presets.ts'

/**
 * The issuers other than our own. `${NAME}` and `${NAME:-default}` stand for environment variables,
 * as in the route table.
 * @throws SettingsFault with all faults
 */
export function loadIssuers(
  file: string,
  ownIssuer: string,
  environment: Environment
): IssuerEntry[] {
  const read = readYaml(file, readText(file), environment)
  const content: Static<typeof IssuerFile> = readContent(read, IssuerFile, withPresets)
  refuseFaults(read, content, unsafeIssuers(content.issuers, ownIssuer))
  return content.issuers
}

function withPresets(document: unknown): unknown {
  const { issuers } = (document ?? {}) as { issuers?: unknown }
  return Array.isArray(issuers)
    ? {
        ...(document as object),
        issuers: issuers.map((entry) => withPreset(withAudienceClaim(entry)))
      }
    : document
}

/** A fault of an entry, and the member that has it. */
type EntryFault = { readonly member: string; readonly text: string }

/** The faults that a schema cannot find. */
function unsafeIssuers(entries: readonly IssuerEntry[], ownIssuer: string): DocumentFault[] {
  const seen = new Map([[ownIssuer, 'TOKEN_ISSUER']])
  const names = new Set<string>()
  return entries.flatMap((entry, index) => {
    const own = [...keyFaults(entry), ...tenantFaults(entry), ...claimFaults(entry)]
    if (names.has(entry.name)) own.push({ member: 'name', text: 'the name is used twice' })
    names.add(entry.name)
    for (const { issuer } of issuersOf(entry)) {
      const owner = seen.get(issuer)
      if (owner !== undefined) {
        own.push({ member: 'issuer', text: `${issuer} is already the issuer of ${owner}` })
      }
      seen.set(issuer, `issuer ${entry.name}`)
    }
    return own.map(({ member, text }) => ({ path: ['issuers', index, member], text }))
  })
}

function claimFaults(entry: IssuerEntry): EntryFault[] {
  const fault = audienceClaimFault(entry)
  const ofAudience = fault === null ? [] : [{ member: 'audienceClaim', text: fault }]
  const ofHeaders = claimNameFaults(forwardedClaimsOf(entry.forward))
  return [...ofAudience, ...ofHeaders.map((text) => ({ member: 'forward', text }))]
}

/** An address with a password must not reach the log. */
const withoutUser = (url: string): string => url.replace(/\/\/[^/]*@/, '//…@')

function keyFaults({ issuer, jwksUrl, discoveryUrl, insecureKeys }: IssuerEntry): EntryFault[] {
  const faults: EntryFault[] = []
  if (jwksUrl !== undefined && discoveryUrl !== undefined) {
    faults.push({ member: 'discoveryUrl', text: 'set only one of jwksUrl and discoveryUrl' })
  }
  const url = jwksUrl ?? discoveryUrl ?? issuer
  if (!isAuthenticUrl(url, insecureKeys)) {
    const member = (['jwksUrl', 'discoveryUrl'] as const).find(
      (name) => url === { jwksUrl, discoveryUrl }[name]
    )
    faults.push({
      member: member ?? 'issuer',
      text: `${withoutUser(url)} is not an https address (inside a cluster, insecureKeys: true allows http)`
    })
  }
  return faults
}

/**
 * An issuer that is a pattern would match anyone's issuer. With a list of tenants, it stands for
 * exactly as many issuers.
 */
function tenantFaults({ issuer, tenants, jwksUrl, discoveryUrl }: IssuerEntry): EntryFault[] {
  const places = issuer.split(TENANT).length - 1
  const [other] = issuer.replaceAll(TENANT, '').match(/\{[^}]*\}?/) ?? []
  if (other !== undefined) {
    const text = `${other} is not a placeholder; the only one is ${TENANT}`
    return [{ member: 'issuer', text }]
  }
  if (tenants === undefined) {
    const text = `${TENANT} needs a list of the tenants whose tokens are accepted: tenants: [TENANT_ID]`
    return places === 0 ? [] : [{ member: 'issuer', text }]
  }
  const faults: EntryFault[] = []
  if (places !== 1) {
    const text = `with tenants, issuer must contain ${TENANT} exactly once`
    faults.push({ member: 'issuer', text })
  }
  if (jwksUrl === undefined && discoveryUrl === undefined) {
    const text = 'tenants need jwksUrl or discoveryUrl, for the key set of all of them'
    faults.push({ member: 'tenants', text })
  }
  return faults
}
