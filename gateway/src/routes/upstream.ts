import { type Static, Type } from 'typebox'

/** As it is written: an address, or an environment variable that will be one. */
const Address = Type.String({
  pattern: '^(https?://[^/?#@]+/?|\\$\\{[A-Z_][A-Z0-9_]*(:-[^}]*)?\\})$',
  description: 'Scheme and authority, for example http://orders:3002.'
})

const Health = Type.Object(
  {
    path: Type.String({
      pattern: '^/[^?#]*$',
      description: 'Asked with GET; 2xx is healthy.'
    }),
    intervalSeconds: Type.Optional(
      Type.Number({ minimum: 0.05, description: 'Between two checks; 5 where it is not given.' })
    ),
    timeoutSeconds: Type.Optional(
      Type.Number({ minimum: 0.05, description: 'For one check; 2 where it is not given.' })
    ),
    unhealthyAfter: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Failures in a row; 2 where it is not given.' })
    ),
    healthyAfter: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Successes in a row; 1 where it is not given.' })
    )
  },
  { additionalProperties: false }
)
export type Health = Required<Static<typeof Health>>

const healthDefaults = {
  ...{ intervalSeconds: 5, timeoutSeconds: 2 },
  ...{ unhealthyAfter: 2, healthyAfter: 1 }
}

/** A service, as it is written in the file. */
export const UpstreamRow = Type.Union([
  Address,
  Type.Object(
    {
      addresses: Type.Array(Address, {
        minItems: 1,
        description: 'Each request goes to the one with the fewest under way.'
      }),
      health: Type.Optional(Health)
    },
    { additionalProperties: false }
  )
])
export type UpstreamRow = Static<typeof UpstreamRow>

/** A service as the stages read it: one or more processes that do the same. */
export type Upstream = {
  readonly name: string
  /** origins, e.g. `http://127.0.0.1:3002` */
  readonly addresses: readonly string[]
  readonly health: Health | null
}

export function toUpstream(name: string, row: UpstreamRow): Upstream {
  const { addresses, health } = typeof row === 'string' ? { addresses: [row] } : row
  return {
    name,
    addresses: addresses.map((one) => new URL(one).origin),
    health: health === undefined ? null : { ...healthDefaults, ...health }
  }
}

/** What a schema cannot say. */
export function upstreamFaults(name: string, row: UpstreamRow): string[] {
  const addresses = typeof row === 'string' ? [row] : row.addresses
  const faults = addresses
    .filter((address) => !isOrigin(address))
    .map(
      (address) => `upstream ${name}: ${address || 'nothing'} is not an address of http or https`
    )
  if (new Set(addresses).size < addresses.length) {
    faults.push(`upstream ${name}: an address is given twice`)
  }
  return faults
}

function isOrigin(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : null
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    `${url.pathname}${url.search}${url.hash}${url.username}${url.password}` === '/'
  )
}
