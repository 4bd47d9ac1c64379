import { type TOptional, type TString, Type } from 'typebox'
import { TlsFileFault } from '../tls-file-fault.ts'
import { type ListenerFiles, readListenerTls } from './listener-tls.ts'
import { settingNames } from './setting-names.ts'

const versionSettings = {
  TLS_MIN_VERSION: Type.Enum(['TLSv1.2', 'TLSv1.3'], { default: 'TLSv1.2' })
}

/** The oldest version of TLS that a listener speaks. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

type FileSettingOf<Listener extends string> = `${Listener}_TLS_${'CERT' | 'KEY' | 'CLIENT_CA'}_FILE`

/** The settings of the listeners of any process. */
export type ListenerSettings = { readonly TLS_MIN_VERSION: TlsVersion } & {
  readonly [setting: FileSettingOf<string>]: string | undefined
}

type ListenerSchemas<Name extends string> = typeof versionSettings & {
  readonly [Setting in FileSettingOf<Name | `${Name}_OPS`>]: TOptional<TString>
}

/** With which certificates the listeners of a process serve, and which clients they serve. */
export function listenerSettings<Name extends string>(name: Name): ListenerSchemas<Name> {
  const files = listenersOf(name)
    .flatMap((listener) => Object.values(settingNames(listener)))
    .map((setting) => [setting, Type.Optional(Type.String())])
  return { ...versionSettings, ...Object.fromEntries(files) } as ListenerSchemas<Name>
}

/** The listeners of a process: of its service, and the private one. */
const listenersOf = (name: string) => [name, `${name}_OPS`] as const

/** The files of a listener; null without TLS. */
export function listenerFiles(listener: string, settings: ListenerSettings): ListenerFiles | null {
  const names = settingNames(listener)
  const { [names.cert]: certFile, [names.key]: keyFile, [names.clientCa]: clientCaFile } = settings
  if (certFile === undefined || keyFile === undefined) return null
  return { names, certFile, keyFile, clientCaFile: clientCaFile ?? null }
}

/** What is wrong with these settings of a process and their files. */
export const listenerFaults = (name: string, settings: ListenerSettings): string[] =>
  listenersOf(name).flatMap((listener) => faultsOf(listener, settings))

function faultsOf(listener: string, settings: ListenerSettings): string[] {
  const { cert, key, clientCa } = settingNames(listener)
  const [hasCert, hasKey] = [settings[cert] !== undefined, settings[key] !== undefined]
  if (hasCert !== hasKey) return [`${cert} and ${key} must be set together`]
  if (!hasCert && settings[clientCa] !== undefined) {
    return [`${clientCa} has no effect without ${cert} and ${key}`]
  }
  const files = listenerFiles(listener, settings)
  try {
    if (files !== null) readListenerTls(files)
    return []
  } catch (error) {
    if (!(error instanceof TlsFileFault)) throw error
    return [error.message]
  }
}
