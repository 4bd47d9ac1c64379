import { createHash } from 'node:crypto'
import { readCertificate } from '../certificate.ts'
import { readAuthorities, TlsFileFault } from '../tls-file-fault.ts'

/** How a client verifies a server, and which certificate it shows, as files in PEM. */
export type ClientTlsFiles = {
  /** the authorities that sign the certificate of the server; unset: those that Node.js includes */
  readonly caFile?: string
  /** the name in that certificate, if the address has another one */
  readonly serverName?: string
  /** the client's own certificate and its key, for mutual TLS */
  readonly certFile?: string
  readonly keyFile?: string
}

/** The same, read. */
export type ClientTls = {
  /** equal for equal options: only connections with equal options are shared */
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
  toJSON(): ClientTlsFiles
}

/** What names these files, for messages. */
type ClientTlsNames = { readonly ca: string; readonly cert: string; readonly key: string }

/**
 * Reads the files of a client.
 * @throws TlsFileFault if a file cannot be read or used, or the certificate and the key do not go
 * together
 */
export function readClientTls(entry: ClientTlsFiles, names: ClientTlsNames): ClientTls {
  const { caFile, certFile, keyFile, serverName } = entry
  const options = {
    ...(caFile === undefined ? {} : { ca: readAuthorities(names.ca, caFile) }),
    ...ownCertificate(certFile, keyFile, names),
    ...(serverName === undefined ? {} : { servername: serverName })
  }
  const hash = createHash('sha256')
  for (const [name, value] of Object.entries(options)) {
    hash.update(`${name} ${value.length} `).update(value)
  }
  return {
    id: hash.digest('base64url'),
    options,
    files: filesOfClient(entry),
    toJSON: () => entry
  }
}

/** The files that a client's entry names. */
export const filesOfClient = ({ caFile, certFile, keyFile }: ClientTlsFiles): string[] =>
  [caFile, certFile, keyFile].filter((one) => one !== undefined)

function ownCertificate(
  certFile: string | undefined,
  keyFile: string | undefined,
  names: ClientTlsNames
) {
  if (certFile === undefined && keyFile === undefined) return {}
  if (certFile === undefined || keyFile === undefined) {
    throw new TlsFileFault(`${names.cert} and ${names.key} must be set together`)
  }
  return readCertificate(certFile, keyFile, names)
}
