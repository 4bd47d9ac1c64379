import { X509Certificate } from 'node:crypto'
import { certificatesIn } from './certificates-in.ts'

/** A certificate that a process uses. */
export type HeldCertificate = {
  /** the setting that names its file */
  readonly name: string
  /** milliseconds since 1970 */
  readonly expiresMs: number
}

/** The PEM text of a file, which contains a chain of certificates or some authorities. */
type PemFile = {
  readonly name: string
  readonly chain?: string | Buffer | undefined
  readonly authorities?: string | Buffer | undefined
}

/**
 * When the certificates in these files expire. Of a chain, the first one to expire counts; of
 * several authorities, the last one: a file may contain old ones beside their successors. Files
 * without a text, or without a certificate, are left out.
 */
export function heldCertificates(files: readonly PemFile[]): HeldCertificate[] {
  return files.flatMap(({ name, chain, authorities }) => [
    ...expiryOf(name, chain, Math.min),
    ...expiryOf(name, authorities, Math.max)
  ])
}

function expiryOf(
  name: string,
  pem: string | Buffer | undefined,
  deciding: (...all: number[]) => number
): HeldCertificate[] {
  const all = pem === undefined ? [] : expiries(pem)
  return all.length === 0 ? [] : [{ name, expiresMs: deciding(...all) }]
}

const expiries = (pem: string | Buffer): number[] =>
  certificatesIn(pem.toString()).map((certificate) =>
    new X509Certificate(certificate).validToDate.getTime()
  )
