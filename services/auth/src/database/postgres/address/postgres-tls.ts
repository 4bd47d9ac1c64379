import { readFileSync } from 'node:fs'
import { type ConnectionOptions, getCACertificates } from 'node:tls'
import { unreadable } from '@gatehouse/settings/file-fault'
import { authorityFault } from '@gatehouse/settings/pem-authority'
import { type HeldCertificate, heldCertificates } from '@gatehouse/settings/pem-expiry'
import { readCertificate } from '@gatehouse/tls/certificate'

/**
 * How a connection is secured: libpq's `sslmode` ("SSL Support"), with the same meaning; the
 * strictest last.
 */
export const sslModes = [
  'disable',
  'allow',
  'prefer',
  'require',
  'verify-ca',
  'verify-full'
] as const
export type SslMode = (typeof sslModes)[number]

/** The names of PEM files, and the setting or parameter of each. */
export type TlsFile = { readonly from: string; readonly file: string }
type TlsFiles = {
  /** certificates of authorities; the file `system` stands for those of the operating system */
  readonly authority?: TlsFile
  readonly certificate?: TlsFile
  readonly key?: TlsFile
}

/** TLS with these options, or none. */
export type Way = ConnectionOptions | false

/** The certificates with which connections to PostgreSQL are secured. They are read once. */
export function databaseCertificates(ways: readonly Way[]): HeldCertificate[] {
  const { cert, ca } = ways.find((way) => way !== false) ?? {}
  const given = (pem: unknown) => (typeof pem === 'string' ? pem : undefined)
  return heldCertificates([
    { name: 'DATABASE_CERT_FILE', chain: given(cert) },
    { name: 'DATABASE_CA_FILE', authorities: given(ca) }
  ])
}

/** libpq's word for the authorities of the operating system */
const SYSTEM = 'system'

/**
 * How to connect in this mode: the ways to try, in order.
 * @throws Error with a message for the operator, if the mode and the files contradict each other or
 * a file cannot be read
 */
export function waysOf(mode: SslMode, files: TlsFiles): readonly Way[] {
  const { authority, certificate, key } = files
  if ((certificate === undefined) !== (key === undefined)) {
    const given = (certificate ?? key)?.from
    throw new Error(
      `${given} needs ${certificate === undefined ? 'a certificate' : 'a key'} as well`
    )
  }
  if (mode === 'disable') return [false]
  const common = certificate === undefined || key === undefined ? {} : pairOf(certificate, key)
  const unverified = { ...common, rejectUnauthorized: false }
  if (mode === 'allow' || mode === 'prefer') {
    if (authority !== undefined) {
      throw new Error(
        `${authority.from} has no effect with sslmode=${mode}, which verifies no certificate: use sslmode=verify-full`
      )
    }
    return mode === 'prefer' ? [unverified, false] : [false, unverified]
  }
  if (authority === undefined) {
    if (mode === 'require') return [unverified]
    if (mode === 'verify-full') return [common]
    throw new Error(
      'sslmode=verify-ca needs the certificate of your own authority (sslrootcert or DATABASE_CA_FILE), because a public one signs certificates for anyone: use sslmode=verify-full'
    )
  }
  if (authority.file === SYSTEM && mode !== 'verify-full') {
    throw new Error(`sslrootcert=system needs sslmode=verify-full`)
  }
  const ca = authority.file === SYSTEM ? getCACertificates(SYSTEM) : authorityIn(authority)
  const verified = { ...common, ca }
  // As in libpq: with an authority, `require` verifies the certificate but not the name.
  return [mode === 'verify-full' ? verified : { ...verified, checkServerIdentity: () => undefined }]
}

/** @throws Error if the key belongs to another certificate */
function pairOf(certificate: TlsFile, key: TlsFile) {
  const names = { cert: certificate.from, key: key.from }
  const pair = readCertificate(certificate.file, key.file, names)
  return { cert: pair.cert.toString(), key: pair.key.toString() }
}

function authorityIn(authority: TlsFile): string {
  const pem = textOf(authority)
  const fault = authorityFault(authority.file, pem)
  if (fault !== null) throw new Error(`${authority.from}: ${fault}`)
  return pem
}

function textOf({ from, file }: TlsFile): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`${from}: ${unreadable(file, error) ?? `cannot read ${file}`}`)
  }
}
