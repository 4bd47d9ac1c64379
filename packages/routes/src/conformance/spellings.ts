import { gatewayHeader, identityHeader } from '@gatehouse/edge-headers/names'

/** The headers that only the gateway may write, and two that a route may define. */
const identityNames: readonly string[] = [
  ...Object.values(identityHeader),
  gatewayHeader,
  'x-auth-claim-tenant',
  'x-auth-internal'
]

/** Names that some server, framework or CGI reads as the first one. */
function spellingsOf(name: string): readonly string[] {
  const last = name.lastIndexOf('-')
  return [
    name,
    name.toUpperCase(),
    name.replaceAll('-', '_'),
    name.replace('-', '_'),
    `${name.slice(0, last)}_${name.slice(last + 1)}`,
    name.replaceAll('-', '.'),
    name.replaceAll('-', '~'),
    `grpc-metadata-${name}`,
    `grpc-metadata-grpc-metadata-${name}`,
    `grpc_metadata_${name.replaceAll('-', '_')}`
  ]
}

/**
 * The names to try. A server reads each name in the same way, so all spellings of two of them are
 * enough; the others are tried as they are and as CGI reads them.
 */
export const spelledNames: readonly string[] = identityNames.flatMap((name) =>
  name === identityHeader.subject || name === identityHeader.assertion
    ? spellingsOf(name)
    : [name, name.replaceAll('-', '_')]
)

/**
 * Headers that proxies, platforms and frameworks believe. A service must get them only from a proxy
 * that it trusts, with values of that proxy.
 */
export const believedNames: readonly string[] = [
  'cf-connecting-ip',
  'client-ip',
  'forwarded',
  'remote-user',
  'ssl-client-verify',
  'true-client-ip',
  'x-amzn-oidc-identity',
  'x-client-cert',
  'x-envoy-original-path',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-prefix',
  'x-forwarded-user',
  'x-goog-authenticated-user-email',
  'x-http-method-override',
  'x-middleware-subrequest',
  'x-ms-client-principal',
  'x-original-url',
  'x-real-ip',
  'x-remote-user',
  'x-rewrite-url',
  'x_forwarded_for'
]
