import { type ClientTls, readClientTls } from '@gatehouse/tls/client-tls'
import { ServerName } from '@gatehouse/tls/server-name'
import { type Static, Type } from 'typebox'

const file = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))

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

const MEMBERS = { ca: 'tls.caFile', cert: 'tls.certFile', key: 'tls.keyFile' }

/**
 * Reads the files of an entry.
 * @throws TlsFileFault if a file cannot be read or used, or the certificate and the key do not go
 * together
 */
export const readUpstreamTls = (entry: UpstreamTlsEntry): ClientTls => readClientTls(entry, MEMBERS)
