import { type HeldCertificate, heldCertificates } from '@gatehouse/settings/pem-expiry'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { TlsFileFault } from '../tls-file-fault.ts'
import { type ListenerSettings, listenerFaults, listenerFiles } from './listener-settings.ts'
import { type ListenerTls, liveListenerTls } from './live-listener-tls.ts'

/** The TLS of the listeners of a process; null for a listener without TLS. */
export type ProcessTls = {
  readonly service: ListenerTls | null
  /** of the ops listener */
  readonly ops: ListenerTls | null
  /** the certificates that are in use now, by the settings that name them */
  certificates(): HeldCertificate[]
  /** Reads all files again. */
  reload(): void
  close(): void
}

type Line = (fields: object, message: string) => void
type TlsLog = { readonly info: Line; readonly warn: Line; readonly error: Line }

/**
 * Reads the certificates of the listeners of a process, and follows their files.
 * @param name the prefix of the settings, for example `AUTH`
 * @throws SettingsFault if a file cannot be read or used
 */
export function openTls(name: string, settings: ListenerSettings, log: TlsLog): ProcessTls {
  const faults = listenerFaults(name, settings)
  if (faults.length > 0) throw new SettingsFault(faults)
  const [service, ops] = [
    openListener(name, settings, log),
    openListener(`${name}_OPS`, settings, log)
  ]
  const open = [service, ops].filter((one) => one !== null)
  return {
    service,
    ops,
    certificates: () =>
      open.flatMap(({ names, served }) => {
        const { cert, ca } = served()
        return heldCertificates([
          { name: names.cert, chain: cert },
          { name: names.clientCa, authorities: ca }
        ])
      }),
    reload() {
      for (const { reload } of open) reload()
    },
    close() {
      for (const { close } of open) close()
    }
  }
}

function openListener(
  listener: string,
  settings: ListenerSettings,
  log: TlsLog
): ListenerTls | null {
  const files = listenerFiles(listener, settings)
  if (files === null) return null
  const certificate = files.names.cert
  return liveListenerTls({
    files,
    minVersion: settings.TLS_MIN_VERSION,
    clock: Date.now,
    onReload: (notAfter) =>
      log.info({ certificate, notAfter }, 'new connections get the new certificate'),
    onExpiring: (notAfter, hasExpired) =>
      hasExpired
        ? log.error({ notAfter }, `${certificate}: the certificate has expired`)
        : log.warn({ notAfter }, `${certificate}: the certificate expires soon`),
    onFault: (error) =>
      log.error(
        error instanceof TlsFileFault ? { cause: error.message } : { err: error },
        'the new certificate cannot be used; the old one stays'
      )
  })
}
