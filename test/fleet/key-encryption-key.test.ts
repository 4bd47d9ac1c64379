import { randomBytes } from 'node:crypto'
import { client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'

const secret = () => randomBytes(32).toString('base64url')

t.test('changing the key-encryption key causes no token to be refused', async (t) => {
  const GATEHOUSE_DATA_DIR = dataFolder(t)
  const [old, next] = [secret(), secret()]
  const startWith = async (AUTH_KEY_ENCRYPTION_KEY: string) => {
    const started = await wholeSystem(t, { GATEHOUSE_DATA_DIR, AUTH_KEY_ENCRYPTION_KEY })
    return { ...client(started.url), close: started.close }
  }

  const before = await startWith(old)
  await before.register('ada@example.com', 'correct horse battery')
  const { body } = await before.login('ada@example.com', 'correct horse battery')
  await before.close()

  for (const keys of [`${old},${next}`, `${next},${old}`, next]) {
    const { call, login, close } = await startWith(keys)
    t.equal((await call('/echo/x', { token: body.accessToken })).status, 200, 'signed before')
    const again = await login('ada@example.com', 'correct horse battery')
    t.equal((await call('/echo/x', { token: again.body.accessToken })).status, 200, 'signed now')
    await close()
  }
  const fault = { name: 'StartFault', message: /was encrypted with another key/ }
  await t.rejects(startWith(old), fault, 'the old key no longer decrypts anything')
})
