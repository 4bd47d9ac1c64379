import { ask } from '../api/ask.ts'
import { loaded } from '../parts/loaded.tsx'

export type Client = {
  readonly id: string
  readonly name: string
  readonly scope: readonly string[]
  readonly receives: readonly string[]
  readonly calls: readonly string[]
  /** null: all roles of the user */
  readonly roles: readonly string[] | null
  readonly authenticationMethod: string
  readonly disabled: boolean
  readonly createdAt: string
}

/** A secret that the server does not show again, and whose it is. */
export type ShownSecret = { readonly client: string; readonly secret: string }

export const clients = loaded(
  async () => (await ask<{ clients: Client[] }>('GET', '/ops/clients')).clients
)

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
  type Made = { readonly client: Client; readonly secret: { readonly secret: string } }
  const { client, secret } = await change<Made>('/ops/clients', body)
  return { client: client.id, secret: secret.secret }
}

export async function addSecret({ id }: Client): Promise<ShownSecret> {
  const { secret } = await change<{ secret: string }>(`/ops/clients/${id}/secrets`)
  return { client: id, secret }
}

export const disable = ({ id }: Client): Promise<unknown> => change(`/ops/clients/${id}/disable`)

export const enable = ({ id }: Client): Promise<unknown> => change(`/ops/clients/${id}/enable`)
