import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import { processEnvironment } from '@gatehouse/fixtures/program'
import t, { type Test } from 'tap'
import { eventTypes } from '../../src/audit/published/published-event.ts'
import { INTERNAL_FAULT } from '../../src/outbox/delivery.ts'
import { SOURCE, webhookInstance } from '../fixtures/webhooks/webhook-instance.ts'

const page = readFileSync(new URL('../../../../docs/webhooks.md', import.meta.url), 'utf8')
/** the interpreter of Debian */
const PYTHON = '/usr/bin/python3'

/** The first example of a language on the page, unchanged. */
function example(language: string): string {
  const [, code] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? []
  if (code === undefined) throw new Error(`docs/webhooks.md has no example in ${language}`)
  return code
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A receiver that runs an example, and the lines that it prints. */
async function receiver(t: Test, [program = '', ...words]: string[], env: Record<string, string>) {
  const child: ChildProcess = spawn(program, words, {
    cwd: new URL('../..', import.meta.url),
    env: { ...processEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(async () => {
    const ended = child.exitCode === null ? once(child, 'exit') : null
    child.kill()
    await ended
  })
  const printed: string[] = []
  child.stdout?.setEncoding('utf8').on('data', (text) => printed.push(text))
  while (!printed.join('').startsWith('ready')) await once(child.stdout ?? child, 'data')
  return () => printed.join('')
}

const examples: Record<string, { skip: string | false; command(code: string): string[] }> = {
  ts: {
    skip: false,
    command: (code) => [process.execPath, '--input-type=module-typescript', '--eval', code]
  },
  python: {
    skip: existsSync(PYTHON) ? false : 'Python is not installed',
    command: (code) => [PYTHON, '-c', code]
  }
}

for (const [language, { skip, command }] of Object.entries(examples)) {
  t.test(
    `the example in ${language} accepts what the auth service signs, once, and nothing else`,
    { skip },
    async (t) => {
      const { operations, clock, db, happens, deliver } = await webhookInstance(t)
      const port = await freePort()
      const url = `http://127.0.0.1:${port}/`
      const { secret, webhook } = await operations.add({ url, events: [] }, SOURCE)
      const env = { WEBHOOK_SECRET: secret, PORT: String(port) }
      const printed = await receiver(t, command(example(language)), env)

      await happens('ada')
      await deliver()
      t.match(await operations.deliveries({ limit: 1 }), [{ state: 'delivered', status: 204 }])
      const shown = await eventually(
        async () => printed(),
        (text) => text.includes('ada')
      )
      t.match(shown, /user\.created.*\n$/s)
      await db.updateTable('deliveries').set({ state: 'pending', due_at_ms: 0 }).execute()
      await deliver()

      await operations.rotateSecret(webhook.id, 60, SOURCE)
      t.match(await operations.test(webhook.id), { outcome: 'delivered' }, 'the old secret signs')
      clock.advance(61_000)
      t.match(await operations.test(webhook.id), { fault: 'status', status: 400 }, 'no longer')
      t.equal(printed().match(/user\.created/g)?.length, 1, 'a repeated message is ignored')
      const unsigned = await fetch(url, { method: 'POST', body: '{}' })
      t.equal(unsigned.status, 400)
    }
  )
}

t.test('docs/webhooks.md lists the types of events', async (t) => {
  const table = page.split('| type | sent when |')[1]?.split('\n\n')[0] ?? ''
  const listed = table.split('\n').flatMap((row) => {
    const [, cell = ''] = row.split('|')
    return [...cell.matchAll(/`([a-z_.]+)`/g)].map(([, type]) => type)
  })
  t.strictSame(listed.sort(), eventTypes)
})

t.test('docs/webhooks.md lists the faults of a delivery', async (t) => {
  const source = new URL('../../src/signed-post/post-message.ts', import.meta.url)
  const code = readFileSync(source, 'utf8')
  const coded = [...code.matchAll(/(?:failed\(|return |: |\? )'([a-z-]+)'/g)].map(([, one]) => one)
  const table = page.split('| fault | meaning |')[1]?.split('\n\n')[0] ?? ''
  const listed = table.split('\n').flatMap((row) => {
    const [, cell = ''] = row.split('|')
    return [...cell.matchAll(/`([a-z-]+)`/g)].map(([, fault]) => fault)
  })
  const outcomes = ['stopped', 'delivered', 'failed']
  const known = new Set(coded.filter((one) => !outcomes.includes(one ?? '')))
  t.strictSame(listed.sort(), [...known, INTERNAL_FAULT].sort())
})
