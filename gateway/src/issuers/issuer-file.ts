import { readFileSync } from 'node:fs'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import type { Static } from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import { type IssuerEntry, IssuerFile, issuersOf, TENANT } from './issuer-entry.ts'
import { withPreset } from './presets.ts'
import { isPrivateUrl } from './private-url.ts'
import { schemaFaults } from './schema-faults.ts'

/**
 * The issuers beside our own.
 * @throws SettingsFault with all faults
 */
export function loadIssuers(file: string, ownIssuer: string): IssuerEntry[] {
  let document: unknown
  try {
    document = Value.Default(IssuerFile, withPresets(parse(readFileSync(file, 'utf8'))))
  } catch (error) {
    throw new SettingsFault([`GATEWAY_ISSUERS_FILE ${file}: ${(error as Error).message}`])
  }
  const faults = schemaFaults(IssuerFile, document).map(
    ({ pointer, text }) => `GATEWAY_ISSUERS_FILE ${placeOf(pointer, document)} ${text}`
  )
  if (faults.length > 0) throw new SettingsFault(faults)
  const { issuers } = document as Static<typeof IssuerFile>
  const unsafe = unsafeIssuers(issuers, ownIssuer)
  if (unsafe.length > 0) throw new SettingsFault(unsafe)
  return issuers
}

function withPresets(document: unknown): unknown {
  const { issuers } = (document ?? {}) as { issuers?: unknown }
  return Array.isArray(issuers)
    ? { ...(document as object), issuers: issuers.map(withPreset) }
    : document
}

/** A JSON Pointer into the file, by the name of the issuer instead of its place in the list. */
function placeOf(pointer: string, document: unknown): string {
  const [, place, ...rest] = /^\/issuers\/(\d+)(.*)$/s.exec(pointer) ?? []
  if (place === undefined) return pointer.slice(1) || 'the file'
  const { issuers } = document as { issuers: { name?: unknown }[] }
  const name = issuers[Number(place)]?.name
  const member = rest.join('').slice(1).replaceAll('/', '.')
  return `issuer ${typeof name === 'string' ? name : `number ${Number(place) + 1}`}: ${member}`.trim()
}

/** What a schema cannot say. */
function unsafeIssuers(entries: readonly IssuerEntry[], ownIssuer: string): string[] {
  const faults: string[] = []
  const seen = new Set([ownIssuer])
  const names = new Set<string>()
  for (const entry of entries) {
    const own = [...keyFaults(entry), ...tenantFaults(entry)]
    if (names.has(entry.name)) own.push('the name is used twice')
    names.add(entry.name)
    for (const { issuer } of issuersOf(entry)) {
      if (seen.has(issuer)) own.push(`${issuer} is trusted already`)
      seen.add(issuer)
    }
    faults.push(...own.map((fault) => `issuer ${entry.name}: ${fault}`))
  }
  return faults
}

function keyFaults({ issuer, jwksUrl, discoveryUrl, insecureKeys }: IssuerEntry): string[] {
  const faults: string[] = []
  if (jwksUrl !== undefined && discoveryUrl !== undefined) {
    faults.push('jwksUrl and discoveryUrl exclude each other')
  }
  const url = jwksUrl ?? discoveryUrl ?? issuer
  if (!isPrivateUrl(url, insecureKeys)) {
    faults.push(
      `${url} is not an address of https (for http inside a cluster, write insecureKeys: true)`
    )
  }
  return faults
}

/** An issuer that is a pattern would be anybody's; one that has a list of tenants is so many issuers. */
function tenantFaults({ issuer, tenants, jwksUrl, discoveryUrl }: IssuerEntry): string[] {
  const places = issuer.split(TENANT).length - 1
  if (tenants === undefined) {
    return places === 0 ? [] : [`${TENANT} needs tenants, the list of those whose tokens are taken`]
  }
  const faults: string[] = []
  if (places !== 1) faults.push(`issuer must have ${TENANT} once where tenants are given`)
  if (jwksUrl === undefined && discoveryUrl === undefined) {
    faults.push('tenants need jwksUrl or discoveryUrl, the key set that serves all of them')
  }
  return faults
}
