import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { AHEAD_SECONDS } from '../../revocations/stale-ahead.ts'
import { instant } from '../fields.ts'
import { operatorSource } from './operator-source.ts'
import type { OpsRoutes } from './ops-routes.ts'

const Answer = Type.Object(
  { before: instant('Every gateway refuses access tokens that were issued earlier.') },
  { title: 'RevokedTokens' }
)

const schema = {
  operationId: 'revokeAllTokens',
  summary: 'Make all access tokens stale',
  description:
    'Every gateway refuses all access tokens that were issued so far. Sessions continue: a refresh gets a valid token. Takes a few seconds.',
  tags: ['Keys'],
  response: { 200: Answer },
  answers: { 200: { description: 'Since when tokens are valid.' } }
}

/**
 * Makes all access tokens stale, of every subject; a refresh returns a valid one. `iat` counts
 * whole seconds, and after a change of rights it is a few seconds ahead. So this waits until every
 * earlier token is older than any later one.
 */
export const revokeTokens: OpsRoutes = (service, { revocations, clock }) => {
  const { stale } = revocations
  service.post('/tokens/revoke-all', { schema }, async (request) => {
    const before = Math.floor(clock() / 1000) + AHEAD_SECONDS + 1
    await sleep(before * 1000 - clock())
    await stale.makeAllStale(before, operatorSource(request))
    await stale.tell()
    return { before: new Date(before * 1000).toISOString() }
  })
}
