import { SettingsFault } from '@gatehouse/settings/read-settings'
import { readText } from '@gatehouse/settings/read-text'
import { type DocumentFault, schemaFaults } from '@gatehouse/settings/schema-faults'
import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import {
  type GithubFields,
  GithubInFile,
  githubAddresses,
  githubFaults,
  type OpenidFields,
  OpenidInFile,
  openidFaults,
  type ProviderEntry,
  sameIssuer
} from './provider-entry.ts'
import type { ProviderConfig } from './provider-settings.ts'

/** Each entry has the schema of its kind. */
const ProviderFile = Type.Object(
  { providers: Type.Array(Type.Object({}), { minItems: 1, maxItems: 32 }) },
  { additionalProperties: false }
)

const schemas: Readonly<Record<string, TSchema>> = { openid: OpenidInFile, github: GithubInFile }

type FileEntry = OpenidFields | GithubFields

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
  const document = parsed(file)
  refuse(schemaFaults(ProviderFile, document).map(shown))
  const given = (document as Static<typeof ProviderFile>).providers.map(withDefaults)
  refuse(given.flatMap(shapeFaults))
  const entries = given as FileEntry[]
  refuse(
    entries.flatMap((entry, at) =>
      entryFaults(entry, entries.slice(0, at)).map((text) => `providers.${at}.${text}`)
    )
  )
  return entries.map(withSecret)
}

type Given = { readonly kind: unknown }

const schemaOf = ({ kind }: Given): TSchema | undefined =>
  typeof kind === 'string' && Object.hasOwn(schemas, kind) ? schemas[kind] : undefined

/** An entry without a kind is of an OpenID provider. */
function withDefaults(entry: object): Given {
  const given = { kind: 'openid', ...entry }
  const schema = schemaOf(given)
  return schema === undefined ? given : (Value.Default(schema, given) as Given)
}

function shapeFaults(entry: Given, at: number): string[] {
  const schema = schemaOf(entry)
  if (schema === undefined) {
    return [`providers.${at}.kind must be one of ${Object.keys(schemas).join(', ')}`]
  }
  const within = ['providers', at] as const
  return schemaFaults(schema, entry).map(({ path, text }) =>
    shown({ path: [...within, ...path], text })
  )
}

const shown = ({ path, text }: Pick<DocumentFault, 'path' | 'text'>): string =>
  `${path.length === 0 ? 'the document' : path.join('.')} ${text}`

/** What the schemas cannot find. */
function entryFaults(entry: FileEntry, before: readonly FileEntry[]): string[] {
  const faults = entry.kind === 'github' ? githubFaults(entry) : openidFaults(entry)
  if (before.some(({ id }) => id === entry.id)) faults.unshift(`id ${entry.id} is used twice`)
  // Otherwise a login that began with one of them could be completed by the other.
  if (before.some((other) => sameIssuer(issuerOf(other), issuerOf(entry)))) {
    faults.push(`${entry.kind === 'github' ? 'url' : 'issuer'} is used twice`)
  }
  return faults
}

const issuerOf = (entry: FileEntry): string =>
  entry.kind === 'openid' ? entry.issuer : githubAddresses(entry.url).issuer

function withSecret(given: FileEntry): ProviderEntry {
  const domains = given.domains.map((domain) => domain.toLowerCase())
  if (given.kind === 'openid') {
    const { clientSecretFile: file, ...entry } = given
    return { ...entry, domains, clientSecret: file === undefined ? null : secretIn(file) }
  }
  const { clientSecretFile: file, ...entry } = given
  const addresses = githubAddresses(entry.url)
  return { ...entry, ...addresses, domains, clientSecret: secretIn(file) }
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
