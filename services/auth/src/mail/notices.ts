import type { RequestSource } from '../audit/audit-event.ts'
import type { NewMail } from './mail-queue.ts'

type Told = { readonly id: string; readonly email: string }
type Cause = { readonly source: RequestSource; readonly language: string }

/** 2026-11-29 17:20 */
const minuteOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')

/** Tells the owner of an account that its password is another one. */
export const passwordChangedNotice = (
  { id, email }: Told,
  cause: Cause,
  atMs: number
): NewMail => ({
  letter: 'password-changed',
  email,
  subject: id,
  values: { time: minuteOf(atMs) },
  ...cause
})
