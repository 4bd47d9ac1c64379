import { X509Certificate } from 'node:crypto'
import { unwatchFile, watchFile } from 'node:fs'
import type { Server } from 'node:tls'
import { type Certificate, readCertificate } from './certificate.ts'

/** The certificate of a listener, which can change while it listens. */
export type LiveCertificate = {
  /** the certificate with which the listener starts */
  readonly first: Certificate
  /** the certificate that new connections get */
  readonly served: Certificate
  /** Gives a listener each later certificate. Open connections keep their certificate. */
  serve(listener: Pick<Server, 'setSecureContext'>): void
  /** Reads the files again. */
  reload(): void
  close(): void
}

export type LiveCertificateOptions = {
  readonly certFile: string
  readonly keyFile: string
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
 * Reads a certificate and its key, on demand and when one of the files changes. A pair that does
 * not match is not used: perhaps only one of the two files has been replaced so far.
 * @throws CertificateFault if the first pair cannot be read or used
 */
export function liveCertificate(options: LiveCertificateOptions): LiveCertificate {
  const { certFile, keyFile, onReload, onFault, intervalMs = INTERVAL_MS } = options
  const listeners: Pick<Server, 'setSecureContext'>[] = []
  const first = readCertificate(certFile, keyFile)
  let served = first
  const noteExpiry = (): void => {
    const notAfter = new X509Certificate(served.cert).validToDate
    const leftMs = notAfter.getTime() - options.clock()
    if (leftMs < EXPIRES_SOON_MS) options.onExpiring(notAfter, leftMs < 0)
  }
  noteExpiry()
  const daily = setInterval(noteExpiry, DAY_MS).unref()
  const reload = (): void => {
    try {
      const read = readCertificate(certFile, keyFile)
      if (read.cert.equals(served.cert) && read.key.equals(served.key)) return
      for (const listener of listeners) listener.setSecureContext(read)
      served = read
      onReload(new X509Certificate(read.cert).validToDate)
      noteExpiry()
    } catch (error) {
      onFault(error)
    }
  }
  const files = [certFile, keyFile]
  // Polls the files: they may be links into a folder that is replaced, as in Kubernetes.
  for (const file of files) watchFile(file, { interval: intervalMs, persistent: false }, reload)
  return {
    first,
    get served() {
      return served
    },
    serve: (listener) => listeners.push(listener),
    reload,
    close() {
      clearInterval(daily)
      for (const file of files) unwatchFile(file, reload)
    }
  }
}
