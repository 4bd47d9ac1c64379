/** The protocols of services. */
export const protocols = ['http/1.1', 'h2c', 'h2'] as const
export type Protocol = (typeof protocols)[number]

/** The scheme of the addresses with each protocol; null: either. */
const schemes: Readonly<Record<Protocol, string | null>> = {
  'http/1.1': null,
  h2c: 'http:',
  h2: 'https:'
}

export function protocolFaults(protocol: Protocol, addresses: readonly string[]): string[] {
  const scheme = schemes[protocol]
  const other = addresses.find((one) => scheme !== null && new URL(one).protocol !== scheme)
  if (other === undefined) return []
  return protocol === 'h2c'
    ? [`protocol h2c is HTTP/2 without TLS: set protocol h2 for ${other}`]
    : [`protocol h2 is HTTP/2 with TLS: set protocol h2c for ${other}, or begin it with https`]
}
