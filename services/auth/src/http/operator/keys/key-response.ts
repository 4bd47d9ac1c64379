import { algorithms } from '@gatehouse/access-token/claims'
import { Type } from 'typebox'
import type { KeyRecord } from '../../../keys/key-lifecycle.ts'
import { instant, instantOrNull, iso } from '../../fields.ts'

/** A signing key, as the operators' API shows it. */
export const Key = Type.Object(
  {
    kid: Type.String({
      description: 'The id of the key: its thumbprint (RFC 7638).',
      examples: ['NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs']
    }),
    algorithm: Type.String({
      description: `The algorithm of its signatures: ${algorithms.join(', ')}.`,
      examples: ['ES256']
    }),
    state: Type.String({
      description:
        'standby: published, does not sign. active: published, signs. retiring: published until the last token that it signed has expired. retired: no longer published. revoked: every gateway refuses its tokens.',
      examples: ['active']
    }),
    createdAt: instant('When it was created.'),
    activatedAt: instantOrNull('When it became active; null if it has not.'),
    retiringAt: instantOrNull('When another key became active; null if none has.'),
    withdrawAt: instantOrNull('When the last token that it signed has expired; null if unknown.'),
    endedAt: instantOrNull('When it was retired or revoked; null if it was not.')
  },
  { title: 'SigningKey', description: 'A signing key, without the key itself.' }
)

export function toKey(key: KeyRecord) {
  const { kid, algorithm, state } = key
  return {
    kid,
    algorithm,
    state,
    createdAt: iso(key.createdAt),
    activatedAt: orNull(key.activatedAt),
    retiringAt: orNull(key.retiringAt),
    withdrawAt: orNull(key.withdrawAt),
    endedAt: orNull(key.endedAt)
  }
}

const orNull = (seconds: number | null) => (seconds === null ? null : iso(seconds))
