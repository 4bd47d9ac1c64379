import { useEffect } from 'preact/hooks'
import type { RetriedLetters } from '../api/operator-api.ts'
import { ViewOnly } from '../parts/view-only.tsx'
import { change, dead, letters, readOutbox, webhookDeliveries, webhooks } from './deliveries.ts'
import { MessagesCard } from './messages-card.tsx'
import { WebhooksCard } from './webhooks-card.tsx'

const READ_EVERY_MS = 10_000

const retryMail = () => change<RetriedLetters>('/ops/mail/retry').then(({ retried }) => retried)

/** What is sent to users and to other systems, and what could not be sent. */
export function OutboxView() {
  useEffect(() => {
    void readOutbox()
    const timer = setInterval(() => void (document.hidden || readOutbox()), READ_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  const urls = new Map((webhooks.content.value ?? []).map(({ id, url }) => [id, url]))
  return (
    <>
      <ViewOnly what="messages and endpoints" change="send, discard or change" />
      <MessagesCard
        id="mail"
        title="E-mails"
        messages={letters}
        path="/ops/mail"
        columns={['E-mail']}
        cells={({ letter }) => [letter]}
        onRetryAll={dead.content.value?.hasLetters ? retryMail : null}
      />
      <WebhooksCard />
      <MessagesCard
        id="deliveries"
        title="Webhook deliveries"
        messages={webhookDeliveries}
        path="/ops/webhook-deliveries"
        columns={['Event', 'Endpoint']}
        cells={({ type, webhook }) => [type, urls.get(webhook) ?? webhook]}
        onRetryAll={null}
      />
    </>
  )
}
