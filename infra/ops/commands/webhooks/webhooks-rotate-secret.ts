import { type Command, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'
import { signingSecret } from './webhook-responses.ts'

const HOUR_SECONDS = 3600
const MOST_HOURS = 720

export const webhooksRotateSecret: Command = {
  name: 'webhooks rotate-secret',
  usage: 'ID [--overlap-hours NUMBER]',
  summary:
    'Replaces the secret of a webhook endpoint, and shows the new one once. The previous secret also signs for 24 hours, or for NUMBER hours.',
  options: { 'overlap-hours': { type: 'string' } },
  words: [1, 1],
  async run(typed, { ops }) {
    const [id = ''] = typed.positionals
    const hours = textOption(typed, 'overlap-hours') ?? '24'
    if (!/^\d{1,3}$/.test(hours) || Number(hours) > MOST_HOURS) {
      throw new BadUsage(`--overlap-hours must be a whole number from 0 to ${MOST_HOURS}.`)
    }
    const path = `/ops/webhooks/${encodeURIComponent(id)}/rotate-secret`
    const body = { overlapSeconds: Number(hours) * HOUR_SECONDS }
    const response = await ops.call<{ id: string; secret: string }>('POST', path, body)
    return { json: response, text: signingSecret(response.secret) }
  }
}
