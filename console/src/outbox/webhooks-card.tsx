import type { Webhook, WebhookTest } from '../api/delivery-responses.ts'
import type { RetriedDeliveries } from '../api/operator-api.ts'
import { Shown } from '../parts/loaded.tsx'
import { Mark } from '../parts/mark.tsx'
import { attempt } from '../parts/notices.tsx'
import { timeText } from '../parts/text.ts'
import { mayChange } from '../session/session.ts'
import { change, hasDead, webhooks } from './deliveries.ts'

/** The endpoints of other systems. */
export function WebhooksCard() {
  return (
    <section class="card" aria-labelledby="webhooks">
      <h2 id="webhooks">Webhook endpoints</h2>
      <Shown of={webhooks} what="the endpoints">
        {(all) =>
          all.length === 0 ? (
            <p>
              There are none. An admin adds one with <code>npm run -s ops -- webhooks add URL</code>
              .
            </p>
          ) : (
            <ul class="endpoints">
              {all.map((webhook) => (
                <Endpoint key={webhook.id} webhook={webhook} />
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  )
}

function Endpoint({ webhook }: { readonly webhook: Webhook }) {
  const { url, events, state, failingSince } = webhook
  return (
    <li>
      <code>{url}</code>
      <Mark tone={state === 'enabled' ? (failingSince === null ? 'good' : 'wait') : 'bad'}>
        {state}
        {failingSince !== null && `, fails since ${timeText(failingSince)}`}
      </Mark>
      <span class="hint">{events.length === 0 ? 'all events' : events.join(', ')}</span>
      {mayChange() && <Choices webhook={webhook} />}
    </li>
  )
}

function Choices({ webhook }: { readonly webhook: Webhook }) {
  const { id, url, state } = webhook
  const path = `/ops/webhooks/${id}`
  const test = () =>
    attempt(async () => {
      const { delivered, status, fault } = await change<WebhookTest>(`${path}/test`)
      const answer = status === null ? (fault ?? 'no answer') : `status ${status}`
      if (!delivered) throw new Error(`${url} did not accept the test: ${answer}.`)
      return `${url} accepted the test (${answer}).`
    })
  const retry = () =>
    attempt(async () => {
      const { retried } = await change<RetriedDeliveries>(`${path}/retry`)
      return retried === 1 ? '1 delivery queued again.' : `${retried} deliveries queued again.`
    })
  const next = state === 'enabled' ? 'disable' : 'enable'
  const turn = () => attempt(() => change(`${path}/${next}`).then(() => `${url} is ${next}d.`))
  const buttons = [
    { title: 'Test', run: test },
    ...(hasDead(webhook) ? [{ title: 'Send dead deliveries again', run: retry }] : []),
    { title: next === 'disable' ? 'Disable' : 'Enable', run: turn }
  ]
  return (
    <div class="actions">
      {buttons.map(({ title, run }) => (
        <button
          key={title}
          type="button"
          aria-label={`${title}: ${url}`}
          onClick={() => void run()}
        >
          {title}
        </button>
      ))}
    </div>
  )
}
