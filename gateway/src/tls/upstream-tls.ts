import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { unreadable } from '@gatehouse/settings/file-fault'
import { authorityFault } from '@gatehouse/settings/pem-authority'
import { type Static, Type } from 'typebox'
import { CertificateFault, readCertificate } from './certificate.ts'

const file = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))

/** The name in a certificate; TLS has no IP address in its place (RFC 6066 §3). */
export const ServerName = Type.String({
  title: 'the name of a host, without a port, and no IP address',
  pattern: '^(?![0-9.]+$)[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$',
  description:
    'The name in the certificate of the service, if the addresses have another name or are IP addresses.'
})

/** How the gateway secures its connections to a service, as it is written in the file. */
export const UpstreamTlsEntry = Type.Object(
  {
    caFile: file(
      'A PEM file with the certificate of the authority that signed the certificate of the service. Default: the public authorities that Node.js includes, and those in NODE_EXTRA_CA_CERTS.'
    ),
    serverName: Type.Optional(ServerName),
    certFile: file('A PEM file with the certificate of the gateway, for mutual TLS.'),
    keyFile: file('A PEM file with the private key of this certificate.')
  },
  { additionalProperties: false }
)
export type UpstreamTlsEntry = Static<typeof UpstreamTlsEntry>

/** How the gateway secures its connections to a service. */
export type UpstreamTls = {
  /** the same for the same options: connections with other ones are not shared */
  readonly id: string
  readonly options: {
    readonly ca?: Buffer
    readonly cert?: Buffer
    readonly key?: Buffer
    readonly servername?: string
  }
  /** the files that it comes from */
  readonly files: readonly string[]
  /** what is shown of it: the names of the files, never the key */
  toJSON(): UpstreamTlsEntry
}

/** What names these files, for messages. */
export type TlsMembers = { readonly ca: string; readonly cert: string; readonly key: string }

const MEMBERS: TlsMembers = { ca: 'tls.caFile', cert: 'tls.certFile', key: 'tls.keyFile' }

/** A file of this entry cannot be used, in words for an operator. */
export class UpstreamTlsFault extends Error {
  override readonly name = 'UpstreamTlsFault'
}

/**
 * Reads the files of an entry.
 * @throws UpstreamTlsFault if a file cannot be read or used, or the certificate and the key do not go together
 */
export function readUpstreamTls(
  entry: UpstreamTlsEntry,
  members: TlsMembers = MEMBERS
): UpstreamTls {
  const { caFile, certFile, keyFile, serverName } = entry
  const options = {
    ...(caFile === undefined ? {} : { ca: readAuthority(caFile, members) }),
    ...ownCertificate(certFile, keyFile, members),
    ...(serverName === undefined ? {} : { servername: serverName })
  }
  const hash = createHash('sha256')
  for (const [name, value] of Object.entries(options)) {
    hash.update(`${name} ${value.length} `).update(value)
  }
  const files = [caFile, certFile, keyFile].filter((one) => one !== undefined)
  return { id: hash.digest('base64url'), options, files, toJSON: () => entry }
}

function readAuthority(file: string, members: TlsMembers): Buffer {
  let ca: Buffer
  try {
    ca = readFileSync(file)
  } catch (error) {
    const fault = unreadable(file, error)
    if (fault === null) throw error
    throw new UpstreamTlsFault(`${members.ca}: ${fault}`)
  }
  const fault = authorityFault(file, ca.toString())
  if (fault !== null) throw new UpstreamTlsFault(`${members.ca}: ${fault}`)
  return ca
}

function ownCertificate(
  certFile: string | undefined,
  keyFile: string | undefined,
  members: TlsMembers
) {
  if (certFile === undefined && keyFile === undefined) return {}
  if (certFile === undefined || keyFile === undefined) {
    throw new UpstreamTlsFault(`${members.cert} and ${members.key} go together`)
  }
  try {
    return readCertificate(certFile, keyFile, members)
  } catch (error) {
    if (!(error instanceof CertificateFault)) throw error
    throw new UpstreamTlsFault(error.message)
  }
}
