import { client } from '@gatehouse/fixtures/client'

export type Key = { kid: string; state: string; algorithm: string }

export type Keys = { keys: Key[] }

export const headerOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())

/** The kids that an auth service publishes. */
export async function publishedBy(url: string): Promise<string[]> {
  const { body } = await client(url).call<Keys>('/.well-known/jwks.json')
  return body.keys.map(({ kid }) => kid)
}
