import { type Command, listOption } from '../../command.ts'
import { signingSecret, type Webhook, webhookTable } from './webhook-responses.ts'

type Added = { readonly webhook: Webhook; readonly secret: string }

export const webhooksAdd: Command = {
  name: 'webhooks add',
  usage: 'URL [--event TYPE]…',
  summary:
    'Adds an endpoint that gets events, and shows its secret once. Without TYPE, it gets all events.',
  options: { event: { type: 'string', multiple: true } },
  words: [1, 1],
  async run(typed, { ops }) {
    const [url = ''] = typed.positionals
    const events = listOption(typed, 'event') ?? []
    const added = await ops.call<Added>('POST', '/ops/webhooks', { url, events })
    return {
      json: added,
      text: `${webhookTable([added.webhook])}\n\n${signingSecret(added.secret)}`
    }
  }
}
