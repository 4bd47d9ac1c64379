import { ask } from '../api/ask.ts'
import type { Client, Clients, CreatedClient, NewSecret } from '../api/operator-api.ts'
import { loaded } from '../parts/loaded.tsx'

/** A secret that the server does not show again, and whose it is. */
export type ShownSecret = { readonly client: string; readonly secret: string }

export const clients = loaded(async () => (await ask<Clients>('GET', '/ops/clients')).clients)

/** Makes a change, and reads the clients again. */
async function change<Body>(path: string, body?: object): Promise<Body> {
  try {
    return await ask<Body>('POST', path, body)
  } finally {
    await clients.read()
  }
}

export async function createClient(body: {
  readonly name: string
  readonly scope: readonly string[]
}): Promise<ShownSecret> {
  const { client, secret } = await change<CreatedClient>('/ops/clients', body)
  // Only a client with a key of its own has none.
  if (secret === null) throw new Error('The auth service has made no secret.')
  return { client: client.id, secret: secret.secret }
}

export async function addSecret({ id }: Client): Promise<ShownSecret> {
  const { secret } = await change<NewSecret>(`/ops/clients/${id}/secrets`)
  return { client: id, secret }
}

export const disable = ({ id }: Client): Promise<unknown> => change(`/ops/clients/${id}/disable`)

export const enable = ({ id }: Client): Promise<unknown> => change(`/ops/clients/${id}/enable`)
