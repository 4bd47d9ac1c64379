import { Refusal } from '@gatehouse/problem/refusal'

export const noSuchClient = () =>
  new Refusal('NOT_FOUND', { reason: 'no such client', detail: 'there is no such client' })
