import { X509Certificate } from 'node:crypto'
import type { Server, TlsOptions } from 'node:tls'
import type { TlsVersion } from './listener-settings.ts'
import {
  isSamePems,
  type ListenerFiles,
  type ListenerPems,
  readListenerTls
} from './listener-tls.ts'
import { stateOf, watchFiles } from './watched-files.ts'

/** The TLS of a listener, whose certificate can change while it listens. */
export type ListenerTls = {
  /** the settings that name its files */
  readonly names: ListenerFiles['names']
  /** with which the listener starts */
  readonly options: ListenerTlsOptions
  /** what new connections get */
  served(): ListenerPems
  /** Gives a listener each later certificate. Open connections keep theirs. */
  serve(listener: Pick<Server, 'setSecureContext'>): void
  /** Reads the files again. */
  reload(): void
  close(): void
}

type ListenerTlsOptions = Pick<
  TlsOptions,
  'cert' | 'key' | 'ca' | 'minVersion' | 'requestCert' | 'rejectUnauthorized'
>

type LiveListenerTlsOptions = {
  readonly files: ListenerFiles
  readonly minVersion: TlsVersion
  readonly onReload: (notAfter: Date) => void
  /** The certificate that is served has expired, or will within 21 days. */
  readonly onExpiring: (notAfter: Date, hasExpired: boolean) => void
  /** The files cannot be used; the listener keeps its certificate. */
  readonly onFault: (error: unknown) => void
  readonly clock: () => number
  readonly intervalMs?: number
}

const INTERVAL_MS = 1000
const DAY_MS = 86_400_000
const EXPIRES_SOON_MS = 21 * DAY_MS

/**
 * Reads the certificate of a listener, on demand and when one of its files changes. Files that do
 * not go together are not used: perhaps only some of them have been replaced so far.
 * @throws TlsFileFault if the first files cannot be read or used
 */
export function liveListenerTls(options: LiveListenerTlsOptions): ListenerTls {
  const { files, minVersion, onReload, onFault, intervalMs = INTERVAL_MS } = options
  const listeners: Pick<Server, 'setSecureContext'>[] = []
  const watched = [files.certFile, files.keyFile, files.clientCaFile].filter(
    (file) => file !== null
  )
  const read = stateOf(watched)
  const initial = readListenerTls(files)
  let served = initial
  const isMutual = files.clientCaFile !== null
  const first = { ...initial, minVersion, requestCert: isMutual, rejectUnauthorized: isMutual }
  const noteExpiry = (): void => {
    const notAfter = expiryOf(served)
    const leftMs = notAfter.getTime() - options.clock()
    if (leftMs < EXPIRES_SOON_MS) options.onExpiring(notAfter, leftMs < 0)
  }
  noteExpiry()
  const daily = setInterval(noteExpiry, DAY_MS).unref()
  /** the last fault that was reported; null if the files could be used since */
  let reported: string | null = null
  const look = (): void => {
    try {
      const renewed = readListenerTls(files)
      reported = null
      if (isSamePems(renewed, served)) return
      for (const listener of listeners) listener.setSecureContext({ ...renewed, minVersion })
      served = renewed
      onReload(expiryOf(renewed))
      noteExpiry()
    } catch (error) {
      // A fault that was reported after SIGHUP is found again when the change of the file shows.
      if (reported !== String(error)) onFault(error)
      reported = String(error)
    }
  }
  const reload = (): void => {
    reported = null
    look()
  }
  const changes = watchFiles(watched, read, { tell: look, intervalMs })
  return {
    names: files.names,
    options: first,
    served: () => served,
    serve(listener) {
      // It was built with the first certificate, which may have been renewed since.
      if (served !== initial) listener.setSecureContext({ ...served, minVersion })
      listeners.push(listener)
    },
    reload,
    close() {
      clearInterval(daily)
      changes.close()
    }
  }
}

const expiryOf = ({ cert }: ListenerPems): Date => new X509Certificate(cert).validToDate
