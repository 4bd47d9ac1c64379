import { X509Certificate } from 'node:crypto'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

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
 * without a text are left out.
 */
export function heldCertificates(files: readonly PemFile[]): HeldCertificate[] {
  return files.flatMap(({ name, chain, authorities }) => [
    ...(chain === undefined ? [] : [{ name, expiresMs: Math.min(...expiries(chain)) }]),
    ...(authorities === undefined ? [] : [{ name, expiresMs: Math.max(...expiries(authorities)) }])
  ])
}

const expiries = (pem: string | Buffer): number[] =>
  [...pem.toString().matchAll(CERTIFICATE)].map(([certificate]) =>
    new X509Certificate(certificate).validToDate.getTime()
  )
