import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { faults } from '@gatehouse/fixtures/faults'
import { type ServiceProcess, serviceProcess } from '@gatehouse/fixtures/service-process'
import t from 'tap'
import { randomSecret } from '../../src/secrets/secrets.ts'
import { ok, webhookReceiver } from '../fixtures/webhooks/webhook-receiver.ts'

const token = randomSecret()

/** An auth service as a process of its own, and its operator. */
async function started(folder: string) {
  const auth: ServiceProcess = await serviceProcess('auth', {
    GATEHOUSE_DATA_DIR: folder,
    AUTH_PORT: '0',
    AUTH_OPS_PORT: '0',
    AUTH_OPS_TOKEN: token,
    AUTH_WEBHOOK_PRIVATE_HOSTS: '127.0.0.1'
  })
  const ops = async (path: string, json?: object) => {
    const answer = await fetch(new URL(path, auth.opsUrl), {
      method: json === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) })
    })
    return (await answer.json()) as { deliveries?: { state: string }[] }
  }
  return { ...auth, ops }
}

/** Lets the lease of the killed process expire, which would otherwise take half a minute. */
function endLeases(folder: string): string[] {
  const database = new DatabaseSync(join(folder, 'accounts.sqlite'))
  try {
    const rows = database.prepare('select state from deliveries').all()
    database.exec('update deliveries set due_at_ms = due_at_ms - 60000')
    return rows.map(({ state }) => String(state))
  } finally {
    database.close()
  }
}

t.test('a process that is killed after a delivery and before its note loses nothing', async (t) => {
  const folder = dataFolder(t)
  const receiver = await webhookReceiver(t)
  const first = await started(folder)
  t.teardown(() => first.kill())
  const killed = new Promise<void>((resolve) => {
    receiver.respond = async (response) => {
      await first.kill()
      response.destroy()
      resolve()
    }
  })
  await first.ops('/ops/webhooks', { url: receiver.url })
  await first.ops('/ops/users', { email: 'ada@example.com', password: 'correct horse battery' })
  await killed
  t.strictSame(endLeases(folder), ['pending'], 'the delivery is not noted')

  receiver.respond = ok
  const second = await started(folder)
  t.teardown(() => second.stop())
  const states = async () => {
    const { deliveries = [] } = await second.ops('/ops/webhook-deliveries')
    return deliveries.map(({ state }) => state)
  }
  const after = await eventually(states, ([state]) => state === 'delivered', 20_000)
  const lost = after.filter((state) => state !== 'delivered')
  t.equal(lost.length, faults.killedInDelivery.lost)
  const [one, other] = receiver.received
  t.equal(receiver.received.length, 2, 'it arrives at least once, here twice')
  t.equal(other?.id, one?.id, 'with the same id, by which the receiver knows it')
  t.equal(other?.text, one?.text)
  t.equal(one?.body.type, 'user.created')
})
