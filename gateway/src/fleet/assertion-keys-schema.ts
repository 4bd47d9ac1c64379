import { publicKeys } from '@gatehouse/access-token/key-set-schema'
import { type Static, Type } from 'typebox'

/** The keys for verifying assertions: a key set (RFC 7517 §5) with a member of ours. */
export const AssertionKeySet = Type.Object(
  {
    keys: publicKeys,
    complete: Type.Boolean({
      examples: [false],
      description:
        'false: the gateway cannot read the announcements of the others at the moment, so a missing key may belong to one of them.'
    })
  },
  { title: 'AssertionKeys' }
)
export type AssertionKeySet = Static<typeof AssertionKeySet>

/** The keys of assertions, as services get them. */
export const assertionKeys = {
  operationId: 'getAssertionKeys',
  summary: 'Get the assertion keys',
  description:
    'The public keys with which services verify the assertions of all gateways, as a JWK Set (RFC 7517).',
  tags: ['Keys'],
  security: [{}],
  response: {
    200: AssertionKeySet
  },
  successes: { 200: { description: 'The JWK Set.' } },
  problems: { UNAVAILABLE: 'The gateway has several workers, and none of them answers.' }
}
