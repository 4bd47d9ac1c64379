import { Webhook } from 'standardwebhooks'
import t from 'tap'
import type { OutgoingMail } from '../../../src/mail/sending/outgoing-mail.ts'
import { webhookTransport } from '../../../src/mail/transports/webhook-transport.ts'
import { newWebhookSecret } from '../../../src/signed-post/message-signature.ts'
import { status, webhookReceiver } from '../../fixtures/webhooks/webhook-receiver.ts'

const letter: OutgoingMail = {
  id: 'mail_7f1b0a52',
  letter: 'password-reset',
  language: 'en',
  to: 'ada@example.com',
  link: 'https://app.example/reset-password#token=abc',
  subject: 'Reset your password',
  text: 'Hello',
  html: '<p>Hello</p>'
}

t.test('a webhook gets each letter signed, with the same id in each attempt', async (t) => {
  const receiver = await webhookReceiver(t)
  const secret = newWebhookSecret()
  const from = { name: 'Example', address: 'no-reply@example.com' }
  const { send } = webhookTransport({
    url: new URL(receiver.url),
    secret,
    from,
    timeoutMs: 60_000,
    clock: Date.now
  })
  const stopping = new AbortController().signal
  receiver.respond = status(500)
  t.match(await send(letter, stopping), { outcome: 'failed', fault: 'status', status: 500 })
  receiver.respond = status(202)
  t.match(await send(letter, stopping), { outcome: 'delivered', status: 202 })

  const [first, second] = receiver.received
  t.equal(first?.id, letter.id)
  t.equal(second?.id, letter.id)
  const { id: _, link: __, ...data } = letter
  const body = new Webhook(secret).verify(second?.text ?? '', { ...second?.headers })
  t.match(body, { type: 'mail.send', data: { ...data, from } })
  t.throws(() => new Webhook(newWebhookSecret()).verify(second?.text ?? '', { ...second?.headers }))
})

t.test('a program that answers 400, 413 or 422 refuses the letter for good', async (t) => {
  const receiver = await webhookReceiver(t)
  const { send } = webhookTransport({
    url: new URL(receiver.url),
    secret: newWebhookSecret(),
    from: { name: '', address: 'no-reply@example.com' },
    timeoutMs: 60_000,
    clock: Date.now
  })
  const stopping = new AbortController().signal
  for (const refusal of [400, 413, 422]) {
    receiver.respond = status(refusal)
    const refused = { outcome: 'failed', fault: 'refused', status: refusal, isFinal: true }
    t.match(await send(letter, stopping), refused)
  }
  for (const fault of [401, 404, 429]) {
    receiver.respond = status(fault)
    const attempt = await send(letter, stopping)
    t.match(attempt, { outcome: 'failed', fault: 'status', status: fault, isFinal: undefined })
  }
})
