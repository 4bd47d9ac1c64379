import { readCertificate } from '../certificate.ts'
import { readAuthorities } from '../tls-file-fault.ts'

/** The files of a listener, and the settings that name them. */
export type ListenerFiles = {
  readonly names: { readonly cert: string; readonly key: string; readonly clientCa: string }
  readonly certFile: string
  readonly keyFile: string
  /** the authorities that sign the certificates of clients; null: clients show none */
  readonly clientCaFile: string | null
}

/** PEM, as Node.js takes it */
export type ListenerPems = {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
}

/** @throws TlsFileFault if a file cannot be read or used */
export function readListenerTls(files: ListenerFiles): ListenerPems {
  const { names, certFile, keyFile, clientCaFile } = files
  return {
    ...readCertificate(certFile, keyFile, names),
    ...(clientCaFile === null ? {} : { ca: readAuthorities(names.clientCa, clientCaFile) })
  }
}

/** Whether both have the same certificates and key. */
export const isSamePems = (one: ListenerPems, other: ListenerPems): boolean =>
  one.cert.equals(other.cert) &&
  one.key.equals(other.key) &&
  (one.ca ?? NOTHING).equals(other.ca ?? NOTHING)

const NOTHING = Buffer.alloc(0)
