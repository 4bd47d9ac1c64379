import { isLoopbackOrigin } from '@gatehouse/edge-headers/web-origin'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { readText } from '@gatehouse/settings/read-text'
import { schemaFaults } from '@gatehouse/settings/schema-faults'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { ProviderConfig } from './provider-settings.ts'

const Word = Type.String({ minLength: 1, maxLength: 256, pattern: '^[^\\s"\\\\]+$' })

const Entry = Type.Object(
  {
    /** in paths, and therefore in the redirect URI that the provider knows */
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
    /** for people */
    name: Type.String({ minLength: 1, maxLength: 64 }),
    /** as the metadata of the provider have it */
    issuer: Type.String({ minLength: 1, maxLength: 512 }),
    clientId: Type.String({ minLength: 1, maxLength: 512 }),
    /** absent: a public client */
    clientSecretFile: Type.Optional(Type.String({ minLength: 1 })),
    clientAuthentication: Type.Enum(['basic', 'post'], { default: 'basic' }),
    scopes: Type.Array(Word, { default: ['openid', 'email'] }),
    /** only users with a verified address of these domains may sign in; empty: all */
    domains: Type.Array(Word, { default: [] }),
    /** claims that an ID token must have, such as `hd` of Google; one of the values */
    require: Type.Record(Word, Type.Array(Type.String({ maxLength: 256 }), { minItems: 1 }), {
      default: {}
    }),
    /** `verified-email`: an account with the same verified address is linked at the login */
    linking: Type.Enum(['signed-in', 'verified-email'], { default: 'signed-in' }),
    /** whether a login may create an account */
    registration: Type.Boolean({ default: true })
  },
  { additionalProperties: false }
)

const ProviderFile = Type.Object(
  { providers: Type.Array(Entry, { minItems: 1, maxItems: 32 }) },
  { additionalProperties: false }
)

type FileEntry = Static<typeof Entry>

export type ProviderEntry = Omit<FileEntry, 'clientSecretFile'> & {
  /** null: a public client */
  readonly clientSecret: string | null
}

/**
 * The providers in the file of AUTH_PROVIDERS_FILE, which is JSON.
 * @throws SettingsFault with every fault
 */
export function readProviders({
  AUTH_PROVIDERS_FILE: file
}: Pick<ProviderConfig, 'AUTH_PROVIDERS_FILE'>): ProviderEntry[] {
  if (file === undefined) return []
  const refuse = (faults: readonly string[]): void => {
    if (faults.length === 0) return
    throw new SettingsFault(faults.map((fault) => `AUTH_PROVIDERS_FILE: ${file}: ${fault}`))
  }
  const document = Value.Default(ProviderFile, parsed(file))
  refuse(
    schemaFaults(ProviderFile, document).map(
      ({ path, text }) => `${path.length === 0 ? 'the document' : path.join('.')} ${text}`
    )
  )
  const { providers } = document as Static<typeof ProviderFile>
  refuse(
    providers.flatMap((entry, at) =>
      entryFaults(entry, providers.slice(0, at)).map((text) => `providers.${at}.${text}`)
    )
  )
  return providers.map(({ clientSecretFile, ...entry }) => ({
    ...entry,
    domains: entry.domains.map((domain) => domain.toLowerCase()),
    clientSecret: clientSecretFile === undefined ? null : secretIn(clientSecretFile)
  }))
}

function parsed(file: string): unknown {
  const text = readText(file)
  try {
    return JSON.parse(text)
  } catch {
    throw new SettingsFault([`AUTH_PROVIDERS_FILE: ${file}: the file must be JSON`])
  }
}

/** @throws SettingsFault */
function secretIn(file: string): string {
  const secret = readText(file).trim()
  if (secret === '') throw new SettingsFault([`AUTH_PROVIDERS_FILE: ${file} is empty`])
  return secret
}

/** What the schema cannot find. */
function entryFaults({ id, issuer, scopes }: FileEntry, before: readonly FileEntry[]): string[] {
  const faults: string[] = []
  if (before.some((other) => other.id === id)) faults.push(`id ${id} is used twice`)
  if (!isIssuer(issuer)) {
    faults.push('issuer must be an https URL without user, query and fragment, not its metadata')
  }
  if (isOfManyTenants(issuer)) faults.push('issuer must have the id of your tenant')
  // Otherwise a login that began with one of them could be completed by the other.
  if (before.some((other) => sameIssuer(other.issuer, issuer))) {
    faults.push('issuer is used twice')
  }
  if (!scopes.includes('openid')) faults.push('scopes must contain openid')
  return faults
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
