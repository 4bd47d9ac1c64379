import { Refusal } from '@gatehouse/problem/refusal'

export const noSuchWebhook = () =>
  new Refusal('NOT_FOUND', {
    reason: 'no such webhook endpoint',
    detail: 'there is no such webhook endpoint'
  })

export const noSuchDelivery = (which: string) =>
  new Refusal('NOT_FOUND', {
    reason: `no ${which} delivery has the id`,
    detail: `there is no ${which} delivery with this id`
  })

export const tooManyEndpoints = (most: number) =>
  new Refusal('INVALID_REQUEST', {
    reason: 'there are too many webhook endpoints',
    detail: `there are already ${most} endpoints, which is the maximum: remove one first`
  })
