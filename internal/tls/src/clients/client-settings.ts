import { type HeldCertificate, heldCertificates } from '@gatehouse/settings/pem-expiry'
import { type TOptional, type TString, Type } from 'typebox'
import { TlsFileFault } from '../tls-file-fault.ts'
import { type ClientTls, type ClientTlsFiles, readClientTls } from './client-tls.ts'
import { ServerName } from './server-name.ts'

type SettingOf<Name extends string> =
  `${Name}_${'CA_FILE' | 'SERVER_NAME' | 'CERT_FILE' | 'KEY_FILE'}`

type ClientTlsSchemas<Name extends string> = {
  readonly [Setting in SettingOf<Name>]: TOptional<TString>
}

/** The settings with which any process calls a server. */
export type ClientTlsSettings = { readonly [setting: SettingOf<string>]: string | undefined }

/** How a process verifies the server at `NAME_URL`, and which certificate it shows there. */
export function clientTlsSettings<Name extends string>(name: Name): ClientTlsSchemas<Name> {
  const { ca, serverName, cert, key } = clientSettingNames(name)
  const file = Type.Optional(Type.String())
  return {
    [ca]: file,
    [serverName]: Type.Optional(ServerName),
    [cert]: file,
    [key]: file
  } as ClientTlsSchemas<Name>
}

const clientSettingNames = (name: string) => ({
  ca: `${name}_CA_FILE` as const,
  serverName: `${name}_SERVER_NAME` as const,
  cert: `${name}_CERT_FILE` as const,
  key: `${name}_KEY_FILE` as const
})

/** The files that these settings name; null without such settings. */
export function clientTlsFiles(name: string, settings: ClientTlsSettings): ClientTlsFiles | null {
  const names = clientSettingNames(name)
  const members = Object.entries({
    caFile: settings[names.ca],
    serverName: settings[names.serverName],
    certFile: settings[names.cert],
    keyFile: settings[names.key]
  }).filter(([, value]) => value !== undefined)
  return members.length === 0 ? null : Object.fromEntries(members)
}

/** Reads files again at each call, so that a renewed certificate is used. */
export type ClientTlsReader = () => ClientTls

/** Reads the files that these settings name; null without such settings. */
export function clientTlsReader(name: string, settings: ClientTlsSettings): ClientTlsReader | null {
  const files = clientTlsFiles(name, settings)
  return files === null ? null : () => readClientTls(files, clientSettingNames(name))
}

/**
 * What is wrong with these settings and their files.
 * @param url the value of `NAME_URL`
 */
export function clientTlsFaults(name: string, settings: ClientTlsSettings, url: string): string[] {
  const read = clientTlsReader(name, settings)
  if (read === null) return []
  if (!/^https:/i.test(url)) {
    const set = Object.values(clientSettingNames(name)).find(
      (setting) => settings[setting] !== undefined
    )
    return [`${set} has no effect without TLS: begin ${name}_URL with https`]
  }
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof TlsFileFault)) throw error
    return [error.message]
  }
}

/**
 * The certificates in the files that these settings name, as they are now: without those that
 * cannot be used, whose fault the next call reports.
 */
export function clientCertificates(
  name: string,
  settings: ClientTlsSettings
): () => HeldCertificate[] {
  const read = clientTlsReader(name, settings)
  const names = clientSettingNames(name)
  return () => {
    try {
      const { cert, ca } = read?.().options ?? {}
      return heldCertificates([
        { name: names.cert, chain: cert },
        { name: names.ca, authorities: ca }
      ])
    } catch (error) {
      if (error instanceof TlsFileFault) return []
      throw error
    }
  }
}
