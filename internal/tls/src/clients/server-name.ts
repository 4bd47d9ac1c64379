import { Type } from 'typebox'

/** The name in a certificate; TLS has no IP address in its place (RFC 6066 §3). */
export const ServerName = Type.String({
  title: 'the name of a host, without a port, and no IP address',
  pattern: '^(?![0-9.]+$)[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$',
  description:
    'The name in the certificate of the service, if the addresses have another name or are IP addresses.'
})
