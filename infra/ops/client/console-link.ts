import type { OpsClient } from './ops-client.ts'

export type ConsoleLink = { readonly url: string; readonly expiresAt: string }

/**
 * A link that signs the operator in to the console. It names `localhost` instead of the loopback
 * address: only there does every browser keep a `Secure` cookie without TLS.
 * @throws Refused as `OpsClient.call`
 */
export async function consoleLink(
  ops: OpsClient,
  body: { readonly expiresInSeconds?: number } = {}
): Promise<ConsoleLink> {
  const { path, expiresAt } = await ops.call<{ path: string; expiresAt: string }>(
    'POST',
    '/ops/console/links',
    body
  )
  const url = new URL(path, ops.url())
  if (url.hostname === '127.0.0.1') url.hostname = 'localhost'
  return { url: url.href, expiresAt }
}
