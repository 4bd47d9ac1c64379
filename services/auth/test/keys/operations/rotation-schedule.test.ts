import t from 'tap'
import type { KeyRecord } from '../../../src/keys/key-lifecycle.ts'
import { scheduledStep } from '../../../src/keys/operations/rotation-schedule.ts'

const DAY = 86_400
const BEGUN = 1_800_000_000

const key = (kid: string, state: 'active' | 'standby', at: number): KeyRecord => ({
  kid,
  state,
  algorithm: 'ES256',
  createdAt: at,
  activatedAt: state === 'active' ? at : null,
  retiringAt: null,
  withdrawAt: null,
  endedAt: null,
  longestTokenSeconds: 300,
  unpublishedUntil: null
})
const every = (periodSeconds: number) => ({ periodSeconds, algorithm: 'ES256' as const })
const active = key('active', 'active', BEGUN)
const create = { step: 'create' }
const activate = { step: 'activate', kid: 'next' }

t.test('the next key is created a day before its time, and then activated', async (t) => {
  const step = (keys: KeyRecord[], days: number) =>
    scheduledStep(keys, every(30 * DAY), BEGUN + days * DAY)
  t.equal(step([active], 29 - 1 / DAY), null)
  t.strictSame(step([active], 29), create)
  const next = key('next', 'standby', BEGUN + 29 * DAY)
  t.equal(step([next, active], 30 - 1 / DAY), null)
  t.strictSame(step([next, active], 30), activate)
})

t.test('with a short period, the next key is created half a period before its time', async (t) => {
  t.equal(scheduledStep([active], every(DAY), BEGUN + DAY / 2 - 1), null)
  t.strictSame(scheduledStep([active], every(DAY), BEGUN + DAY / 2), create)
})

t.test('a key that was created late is published as long as verifiers cache a set', async (t) => {
  const late = BEGUN + 90 * DAY
  t.strictSame(scheduledStep([active], every(30 * DAY), late), create)
  const keys = [key('next', 'standby', late), active]
  t.equal(scheduledStep(keys, every(30 * DAY), late + 299), null)
  t.strictSame(scheduledStep(keys, every(30 * DAY), late + 300), activate)
})

t.test('with AUTH_KEY_ROTATION_DAYS=0, no rotation is ever due', async (t) => {
  t.equal(scheduledStep([active], every(0), BEGUN + 9999 * DAY), null)
})

t.test('a standby key of another algorithm is not activated by the schedule', async (t) => {
  const trial: KeyRecord = { ...key('trial', 'standby', BEGUN), algorithm: 'EdDSA' }
  const step = (keys: KeyRecord[], days: number) =>
    scheduledStep(keys, every(30 * DAY), BEGUN + days * DAY)
  t.strictSame(step([trial, active], 29), create)
  const next = key('next', 'standby', BEGUN + 29 * DAY)
  t.strictSame(step([trial, next, active], 30), activate)
})
