import { Refusal } from '@gatehouse/problem/refusal'

export const tooManyGuesses = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'too many failed logins to this account by unknown callers',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })

export const tooManyFactorChanges = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'the account changes its second factors too often',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })

export const tooManyExports = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'the account exports its data too often',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })

export const tooManyCredentials = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'the address sends credentials too often',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })
