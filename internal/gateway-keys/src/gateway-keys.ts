import type { ClientTlsFiles } from '@gatehouse/tls/client-tls'
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { GatewayKeyUndecided, isOutage, remoteKeySet } from './remote-key-set.ts'

/**
 * The source of the gateways' keys: `/.well-known/gateway-jwks.json` on the ops listener of one or
 * several gateways, or the set itself.
 */
export type GatewayKeys = string | readonly string[] | SecuredGatewayKeys | JSONWebKeySet

/**
 * The same behind TLS with certificates of an authority of our own. The files are read for each
 * fetch, so that a renewed certificate is used.
 */
export type SecuredGatewayKeys = {
  readonly url: string | readonly string[]
  readonly tls: ClientTlsFiles
}

/** more key sources than any process uses, unless it creates new ones without end */
const MOST_FINDERS = 64
const finders = new Map<string, JWTVerifyGetKey>()

/** The finder for these keys, and the same one for equal keys: it remembers what it fetched. */
export function finderOf(keys: GatewayKeys): JWTVerifyGetKey {
  const id = JSON.stringify(keys)
  const known = finders.get(id)
  if (known !== undefined) return known
  const [oldest] = finders.keys()
  if (finders.size >= MOST_FINDERS && oldest !== undefined) finders.delete(oldest)
  const made = keyFinder(keys)
  finders.set(id, made)
  return made
}

function keyFinder(keys: GatewayKeys): JWTVerifyGetKey {
  if (isKeySet(keys)) return createLocalJWKSet(keys)
  const sets = remoteSets(keys)
  return async (header, token) => {
    const misses: unknown[] = []
    for (const set of sets) {
      try {
        return await set(header, token)
      } catch (error) {
        misses.push(error)
      }
    }
    // A gateway that could not be asked may have had the key, or may know of it.
    const undecided = misses.find((miss) => isOutage(miss) || miss instanceof GatewayKeyUndecided)
    throw undecided ?? misses[0]
  }
}

/** An array has a method of the name `keys`. */
export const isKeySet = (keys: GatewayKeys): keys is JSONWebKeySet =>
  typeof keys === 'object' && keys !== null && 'keys' in keys && Array.isArray(keys.keys)

export const isSecured = (keys: GatewayKeys): keys is SecuredGatewayKeys =>
  typeof keys === 'object' && keys !== null && 'url' in keys

function remoteSets(keys: Exclude<GatewayKeys, JSONWebKeySet>): JWTVerifyGetKey[] {
  const { url, tls = null } = isSecured(keys) ? keys : { url: keys }
  return [url].flat().map((one) => remoteKeySet(one, tls))
}
