import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { client as apiClient } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import { exportJWK, generateKeyPair, type JSONWebKeySet } from 'jose'
import * as openid from 'openid-client'
import type { Test } from 'tap'
import { fewLogins } from './few-logins.ts'

/** What the library says went wrong; null where nothing did. */
export const faultOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => null,
    (fault) => fault
  )

export type Registration = { method?: string; scope?: string; jwks?: JSONWebKeySet }

/**
 * The whole system, found by an OAuth library that is not ours, and what an operator does
 * beside it.
 */
export async function startedSystem(t: Test) {
  const folder = dataFolder(t)
  const port = await freePort()
  // The default of TOKEN_ISSUER, which follows the port.
  const issuer = `http://localhost:${port}`
  const { url } = await wholeSystem(t, {
    GATEHOUSE_DATA_DIR: folder,
    GATEWAY_PORT: String(port),
    GATEWAY_ROUTES: fewLogins(t)
  })
  const ops = operator(folder)
  const discover = (id: string, authentication: openid.ClientAuth) =>
    openid.discovery(new URL(issuer), id, undefined, authentication, {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests]
    })
  const registered = async (registration: Registration) => {
    const { method = 'client_secret_basic', scope = 'orders:read introspect', jwks } = registration
    const words = ['clients', 'create', '--name', 'billing', '--scope', scope, '--json']
    const file = join(folder, 'jwks.json')
    if (jwks !== undefined) writeFileSync(file, JSON.stringify(jwks))
    const keys = jwks === undefined ? [] : ['--jwks', file]
    const { code, json, stderr } = await ops([...words, '--authentication', method, ...keys])
    if (code !== 0) throw new Error(stderr)
    const made = json as { client: { id: string }; secret: { secret: string } | null }
    return { id: made.client.id, secret: made.secret?.secret ?? '' }
  }
  const keyed = async (alg: string) => {
    const { publicKey, privateKey } = await generateKeyPair(alg)
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg }] }
    const { id } = await registered({ method: 'private_key_jwt', jwks })
    return await discover(id, openid.PrivateKeyJwt(privateKey))
  }
  return { url, issuer, ops, registered, discover, keyed, api: apiClient(url) }
}
