import { type Signal, signal } from '@preact/signals'
import { ask } from '../api/ask.ts'
import type { DeliveryState, Letter, Webhook, WebhookDelivery } from '../api/delivery-responses.ts'
import { type Loaded, loaded } from '../parts/loaded.tsx'

/** How many messages are listed. */
export const MOST = 100

export const states = ['dead', 'pending', 'delivered', 'discarded'] as const

/** Messages of one kind, in the state that the operator has chosen. */
export type Messages<Message> = Loaded<readonly Message[]> & {
  /** null: all */
  readonly state: Signal<DeliveryState | null>
}

function messages<Message>(path: string, member: string): Messages<Message> {
  const state = signal<DeliveryState | null>(null)
  const read = loaded(async () => {
    const query = new URLSearchParams({ limit: String(MOST) })
    if (state.value !== null) query.set('state', state.value)
    const response = await ask<Record<string, Message[]>>('GET', `${path}?${query}`)
    return response[member] ?? []
  })
  return { ...read, state }
}

export const letters = messages<Letter>('/ops/mail', 'letters')
export const webhookDeliveries = messages<WebhookDelivery>('/ops/webhook-deliveries', 'deliveries')
export const webhooks = loaded(
  async () => (await ask<{ webhooks: Webhook[] }>('GET', '/ops/webhooks')).webhooks
)

/** What has failed for good, whatever the lists show. */
export const dead = loaded(async () => {
  const query = `state=dead&limit=${MOST}`
  const [mail, hooks] = await Promise.all([
    ask<{ letters: Letter[] }>('GET', '/ops/mail?state=dead&limit=1'),
    ask<{ deliveries: WebhookDelivery[] }>('GET', `/ops/webhook-deliveries?${query}`)
  ])
  return {
    hasLetters: mail.letters.length > 0,
    endpoints: new Set(hooks.deliveries.map(({ webhook }) => webhook)),
    /** whether other endpoints have none */
    isComplete: hooks.deliveries.length < MOST
  }
})

/** Whether deliveries to an endpoint have failed for good. */
export const hasDead = ({ id }: Webhook): boolean => {
  const { value: known } = dead.content
  return known !== null && (known.endpoints.has(id) || !known.isComplete)
}

export const readOutbox = (): Promise<unknown> =>
  Promise.all([letters.read(), webhookDeliveries.read(), webhooks.read(), dead.read()])

/**
 * Makes a change, and reads everything again.
 * @throws Problem
 */
export async function change<Body>(path: string): Promise<Body> {
  try {
    return await ask<Body>('POST', path)
  } finally {
    await readOutbox()
  }
}
