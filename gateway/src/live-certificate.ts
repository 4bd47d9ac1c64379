import { X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { createSecureContext, type Server } from 'node:tls'

/** PEM, as Node.js takes it */
export type Certificate = { readonly cert: Buffer; readonly key: Buffer }

/** The certificate of a listener, which is renewed while it listens. */
export type LiveCertificate = {
  /** what the listener starts with */
  readonly first: Certificate
  /** Gives a listener each certificate that is read later. Its open connections go on with theirs. */
  serve(listener: Pick<Server, 'setSecureContext'>): void
  /** Reads the files again. */
  reload(): void
  close(): void
}

export type LiveCertificateOptions = {
  readonly certFile: string
  readonly keyFile: string
  readonly onReload: (notAfter: Date) => void
  /** The files cannot be used; the listener keeps what it has. */
  readonly onFault: (error: unknown) => void
  readonly intervalMs?: number
}

const INTERVAL_MS = 1000

/**
 * Reads a certificate and its key, on demand and when one of the files changes. A pair that does not belong together is not used:
 * one of two files may have been replaced, and the other not yet.
 * @throws where the first pair cannot be read or used
 */
export function liveCertificate(options: LiveCertificateOptions): LiveCertificate {
  const { certFile, keyFile, onReload, onFault, intervalMs = INTERVAL_MS } = options
  const listeners: Pick<Server, 'setSecureContext'>[] = []
  const first = readPair(certFile, keyFile)
  let served = first
  const reload = (): void => {
    try {
      const read = readPair(certFile, keyFile)
      if (read.cert.equals(served.cert) && read.key.equals(served.key)) return
      for (const listener of listeners) listener.setSecureContext(read)
      served = read
      onReload(new X509Certificate(read.cert).validToDate)
    } catch (error) {
      onFault(error)
    }
  }
  const files = [certFile, keyFile]
  // By looking at them: they may be links into a folder that is replaced, as in Kubernetes.
  for (const file of files) watchFile(file, { interval: intervalMs, persistent: false }, reload)
  return {
    first,
    serve: (listener) => listeners.push(listener),
    reload,
    close() {
      for (const file of files) unwatchFile(file, reload)
    }
  }
}

function readPair(certFile: string, keyFile: string): Certificate {
  const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
  // It throws where the key is of another certificate.
  createSecureContext(pair)
  return pair
}
