import { Type } from 'typebox'
import { noSuchLetter } from '../../mail/mail-refusals.ts'
import { type Delivery, deliveryStates } from '../../outbox/delivery.ts'
import { instant, instantOrNull, uuid } from '../fields.ts'
import { operatorSource } from './access/operator-source.ts'
import { NextAttempt, progressOf } from './delivery-progress.ts'
import type { OpsRoutes } from './ops-routes.ts'
import { DeliveryStateQuery, Limit, readDeliveryState, readLimit } from './query-parameters.ts'

const tags = ['Mail']

const LetterResponse = Type.Object(
  {
    id: uuid('The id of the e-mail in the queue.'),
    messageId: Type.String({
      description: 'The Message-ID before the @: the same in all attempts.',
      examples: ['mail_5e2a7c0e-6a0f-4f6e-a7bb-57a1d0a3c2b1']
    }),
    letter: Type.String({
      description: 'What is sent: the name of its template.',
      examples: ['password-reset']
    }),
    state: Type.String({
      description: `One of ${deliveryStates.join(', ')}. dead: every attempt failed. discarded: no account has the address, or an operator discarded it.`,
      examples: ['dead']
    }),
    attempts: Type.Integer({ description: 'How many attempts have begun.', examples: [3] }),
    fault: Type.Union([Type.String({ examples: ['refused'] }), Type.Null()], {
      description: 'Why the last attempt failed.'
    }),
    status: Type.Union([Type.Integer({ examples: [550] }), Type.Null()], {
      description: 'The reply of the mail server, or the HTTP status; null if there was none.'
    }),
    createdAt: instant('When it was queued.'),
    nextAttemptAt: NextAttempt,
    settledAt: instantOrNull('When it was sent, given up or discarded.')
  },
  { title: 'Letter' }
)
const Params = Type.Object({
  letter: Type.String({
    pattern: '^[0-9a-f-]{36}$',
    description: 'The id of the e-mail.',
    examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11']
  })
})
const Done = Type.Object({ id: uuid('The id of the e-mail.') }, { title: 'ChangedLetter' })

const toResponse = (delivery: Delivery) => ({
  id: delivery.id,
  messageId: delivery.messageId,
  letter: delivery.topic,
  ...progressOf(delivery)
})

const listLetters: OpsRoutes = (service, { mail }) => {
  service.get(
    '/mail',
    {
      schema: {
        operationId: 'listMail',
        summary: 'List e-mails',
        description:
          'Lists e-mails to users, the newest first. Addresses and contents are not shown.',
        tags,
        successes: { 200: { description: 'The e-mails.' } },
        querystring: Type.Object({ state: DeliveryStateQuery, limit: Limit }),
        response: {
          200: Type.Object(
            { letters: Type.Array(LetterResponse, { description: 'The newest first.' }) },
            { title: 'Letters' }
          )
        }
      }
    },
    async ({ query }) => {
      const state = query.state === undefined ? undefined : readDeliveryState(query.state)
      const found = await mail.list({ state, limit: readLimit(query.limit) })
      return { letters: found.map(toResponse) }
    }
  )
}

const retryLetter: OpsRoutes = (service, { mail }) => {
  service.post(
    '/mail/:letter/retry',
    {
      schema: {
        operationId: 'retryMail',
        summary: 'Retry an e-mail',
        description: 'Queues a dead e-mail again, with all its attempts.',
        tags,
        successes: { 200: { description: 'The e-mail is pending.' } },
        problems: { NOT_FOUND: 'There is no dead e-mail with this id.' },
        params: Params,
        response: { 200: Done }
      }
    },
    async (request) => {
      const { letter: id } = request.params
      if (!(await mail.retry(id, operatorSource(request)))) throw noSuchLetter('dead')
      return { id }
    }
  )
}

const retryAll: OpsRoutes = (service, { mail }) => {
  service.post(
    '/mail/retry',
    {
      schema: {
        operationId: 'retryAllMail',
        summary: 'Retry all e-mails',
        description: 'Queues all dead e-mails again, for example after an outage of the server.',
        tags,
        successes: { 200: { description: 'How many there were.' } },
        response: {
          200: Type.Object(
            { retried: Type.Integer({ description: 'How many were dead.', examples: [12] }) },
            { title: 'RetriedLetters' }
          )
        }
      }
    },
    async (request) => ({ retried: await mail.retryAll(operatorSource(request)) })
  )
}

const discardLetter: OpsRoutes = (service, { mail }) => {
  service.post(
    '/mail/:letter/discard',
    {
      schema: {
        operationId: 'discardMail',
        summary: 'Discard an e-mail',
        description: 'Discards a pending or dead e-mail, so that it is not sent.',
        tags,
        successes: { 200: { description: 'The e-mail is discarded.' } },
        problems: { NOT_FOUND: 'There is no pending or dead e-mail with this id.' },
        params: Params,
        response: { 200: Done }
      }
    },
    async (request) => {
      const { letter: id } = request.params
      if (!(await mail.discard(id, operatorSource(request)))) throw noSuchLetter('pending or dead')
      return { id }
    }
  )
}

/** E-mails to users that are sent, or could not be sent. */
export const mailRoutes: OpsRoutes = (service, options) => {
  for (const route of [listLetters, retryLetter, retryAll, discardLetter]) route(service, options)
}
