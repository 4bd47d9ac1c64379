import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import type { AuditEvent } from '../../src/audit/audit-event.ts'
import { auditLog } from '../../src/audit/audit-log.ts'
import { withoutRepeats } from '../../src/audit/without-repeats.ts'
import { audited, authService } from '../fixtures/auth-service.ts'

const from = (address: string) => ({ address, requestId: 'a-request' })
const failed: AuditEvent = {
  kind: 'login-failed',
  subject: null,
  sid: null,
  source: from('192.0.2.1')
}

async function log(t: Parameters<typeof authService>[0]) {
  const clock = testClock()
  const auth = await authService(t, { clock })
  const { write } = withoutRepeats(auditLog(auth.database, clock), clock)
  const written = async () => (await audited(auth)).map(({ detail }) => detail)
  return { clock, write, written }
}

t.test('a flood of failures is a few events per minute, and their number', async (t) => {
  const { clock, write, written } = await log(t)
  for (let attempt = 0; attempt < 1000; attempt++) await write(failed)
  t.strictSame(await written(), Array(5).fill('{}'))
  clock.advance(60_000)
  await write(failed)
  await write(failed)
  t.strictSame((await written()).slice(5), ['{"leftOut":995}', '{}'])
})

t.test('other subjects, addresses and kinds are counted separately', async (t) => {
  const { write, written } = await log(t)
  for (let attempt = 0; attempt < 10; attempt++) await write(failed)
  const others: AuditEvent[] = [
    { ...failed, subject: 'ada' },
    { ...failed, source: from('192.0.2.2') },
    { ...failed, kind: 'refresh-ended' }
  ]
  for (const event of others) await write(event)
  t.equal((await written()).length, 8)
})

t.test('the addresses of one IPv6 network are counted together', async (t) => {
  const { write, written } = await log(t)
  for (let host = 1; host < 10; host++) {
    await write({ ...failed, source: from(`2001:db8:0:1::${host}`) })
  }
  t.equal((await written()).length, 5)
  await write({ ...failed, source: from('2001:db8:0:2::1') })
  t.equal((await written()).length, 6, 'and those of another one for themselves')
})

t.test('a flood from any number of networks is a bounded number of events', async (t) => {
  const { clock, write, written } = await log(t)
  const fromNetwork = (number: number) => from(`2001:db8:0:${number.toString(16)}::1`)
  for (let network = 1; network <= 1000; network++) {
    await write({ ...failed, source: fromNetwork(network) })
  }
  t.strictSame(await written(), Array(60).fill('{}'))
  await write({ ...failed, subject: 'ada', source: fromNetwork(1) })
  t.equal((await written()).length, 61, 'other subjects are counted separately')
  for (let attempt = 0; attempt < 9; attempt++) await write(failed)
  clock.advance(60_000)
  await write(failed)
  await write({ ...failed, source: fromNetwork(1) })
  t.strictSame((await written()).slice(61), ['{"leftOut":949}', '{}'])
})

t.test('events that only the owner or an operator can cause are always written', async (t) => {
  const { write, written } = await log(t)
  for (const kind of ['logout', 'refresh-reused', 'user-disabled'] as const) {
    for (let time = 0; time < 10; time++) await write({ ...failed, kind })
  }
  t.equal((await written()).length, 30)
})

t.test('an unknown address is recorded as a known one is, after failures at others', async (t) => {
  const { write, written } = await log(t)
  /** how many of ten failures are recorded */
  const recorded = async (event: AuditEvent, claimed: string) => {
    const before = (await written()).length
    for (let attempt = 0; attempt < 10; attempt++) await write(event, claimed)
    return (await written()).length - before
  }
  for (let other = 0; other < 100; other++) await write(failed, `nobody-${other}@example.com`)
  t.equal((await written()).length, 100)
  t.equal(await recorded({ ...failed, subject: 'ada' }, 'ada@example.com'), 5)
  // One in ten shares its key with an address above, and has fewer. The keys are random.
  const unknown: number[] = []
  for (let other = 0; other < 8; other++) {
    unknown.push(await recorded(failed, `grace-${other}@example.com`))
  }
  t.equal(Math.max(...unknown), 5)
})

t.test('failed logins at any number of addresses are a bounded number of events', async (t) => {
  const { clock, write, written } = await log(t)
  for (let address = 0; address < 1250; address++) {
    await write({ ...failed, subject: `user-${address}`, source: from(`192.0.${address % 250}.1`) })
  }
  t.equal((await written()).length, 1200)
  await write({ ...failed, kind: 'factor-failed', subject: 'user-1' })
  t.equal((await written()).length, 1201, 'other kinds are not concerned')
  clock.advance(60_000)
  await write({ ...failed, subject: 'user-1' })
  t.equal((await written()).at(-1), '{"leftOut":50}')
})
