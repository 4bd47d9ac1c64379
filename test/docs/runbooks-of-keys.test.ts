import { randomBytes } from 'node:crypto'
import { client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'
import { runbook } from './fixtures/runbook.ts'

const password = 'correct horse battery'

const secret = () => randomBytes(32).toString('base64url')

const email = 'ada@example.com'

t.test('the commands of the runbook for a leaked refresh key work', async (t) => {
  const GATEHOUSE_DATA_DIR = dataFolder(t)
  const { next, isOver } = await runbook(t, 'leaked-refresh-key', GATEHOUSE_DATA_DIR)
  const startWith = async (AUTH_REFRESH_KEYS: string) => {
    const { url, close } = await wholeSystem(t, { GATEHOUSE_DATA_DIR, AUTH_REFRESH_KEYS })
    return { ...client(url), close, API: url }
  }
  const leaked = `1:${secret()}`
  const before = await startWith(leaked)
  await before.register(email, password)
  const idle = (await before.login(email, password)).body
  const busy = (await before.login(email, password)).body
  await before.close()
  const made = (await next()).trim()
  const during = await startWith(`${made},${leaked}`)
  const refreshed = (await during.refresh(busy.refreshToken)).body
  await during.close()
  const after = await startWith(made)
  t.equal((await after.refresh(refreshed.refreshToken)).status, 200)
  t.equal((await after.refresh(idle.refreshToken)).status, 401)
  await next()
  const { API } = after
  t.match(await next({ API }), /was detected/)
  t.equal((await after.login(email, password)).status, 200)
  t.ok(isOver(), 'every block of the page was run')
})

t.test('the commands of the runbook for the key-encryption key work', async (t) => {
  const GATEHOUSE_DATA_DIR = dataFolder(t)
  const { next, isOver } = await runbook(t, 'key-encryption-key', GATEHOUSE_DATA_DIR)
  const made = (await next()).trim()
  const { url } = await wholeSystem(t, { GATEHOUSE_DATA_DIR, AUTH_KEY_ENCRYPTION_KEY: made })
  await client(url).register(email, password)
  t.equal((await client(url).login(email, password)).status, 200)
  t.ok(isOver(), 'every block of the page was run')
})
