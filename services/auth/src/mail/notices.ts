import type { RequestSource } from '../audit/audit-event.ts'
import type { NewMail } from './mail-queue.ts'

type Told = {
  readonly id: string
  readonly email: string
  readonly emailTyped: string | null
}
type Cause = { readonly source: RequestSource; readonly language: string }

/** 2026-11-29 17:20 */
export const minuteOf = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 16).replace('T', ' ')

/** Tells the owner of an account that its password is another one. */
export const passwordChangedNotice = (
  { id, email, emailTyped }: Told,
  cause: Cause,
  atMs: number
): NewMail => ({
  letter: 'password-changed',
  email,
  emailTyped,
  subject: id,
  values: { time: minuteOf(atMs) },
  ...cause
})

/** for how long the previous address of an account can undo a change */
export const UNDO_DAYS = 7

/**
 * Tells the previous address of an account that it has another one.
 * @param cause with the days in which the change can be undone
 */
export const emailChangedNotice = (
  { id, email, emailTyped }: Told,
  cause: Cause & { readonly days: number },
  atMs: number
): NewMail => {
  const { days, ...by } = cause
  const values = { time: minuteOf(atMs), days: String(days) }
  return { letter: 'email-changed', email, emailTyped, subject: id, values, ...by }
}

/** Tells a user that a session ended because one of its tokens was used again. */
export const sessionReplayedNotice = (
  { id, email, emailTyped }: Told,
  cause: Cause,
  atMs: number
): NewMail => ({
  letter: 'session-replayed',
  email,
  emailTyped,
  subject: id,
  values: { time: minuteOf(atMs) },
  ...cause
})

/**
 * Tells a user of a login with a device and from a network that the account has not used before.
 * @param device as `deviceLabel` names it
 */
export const newDeviceNotice = (
  { id, email, emailTyped }: Told,
  cause: Cause & { readonly device: string },
  atMs: number
): NewMail => {
  const { device, ...by } = cause
  const values = { time: minuteOf(atMs), device }
  return { letter: 'new-device', email, emailTyped, subject: id, values, ...by }
}

/** Tells the owner of an account that one of its second factors was added, or all or one removed. */
export const factorNotice = (
  letter: 'factor-added' | 'factor-removed',
  { id, email }: Told,
  cause: Cause,
  atMs: number
): NewMail => ({ letter, email, subject: id, values: { time: minuteOf(atMs) }, ...cause })

/**
 * Tells the owner of an account that somebody signed in with a recovery code.
 * @param left how many codes are left
 */
export const recoveryCodeNotice = (
  { id, email }: Told,
  { left, ...cause }: Cause & { readonly left: number },
  atMs: number
): NewMail => {
  const values = { time: minuteOf(atMs), left: String(left) }
  return { letter: 'recovery-code-used', email, subject: id, values, ...cause }
}
