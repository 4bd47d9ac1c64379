import { randomBytes } from 'node:crypto'
import { client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'

const secret = () => randomBytes(32).toString('base64url')

t.test('changing the refresh key signs no user out', async (t) => {
  const GATEHOUSE_DATA_DIR = dataFolder(t)
  const [old, next] = [`1:${secret()}`, `2:${secret()}`]
  const startWith = async (AUTH_REFRESH_KEYS: string) => {
    const started = await wholeSystem(t, { GATEHOUSE_DATA_DIR, AUTH_REFRESH_KEYS })
    return { ...client(started.url), close: started.close }
  }

  const before = await startWith(old)
  await before.register('ada@example.com', 'correct horse battery')
  const { body: tokens } = await before.login('ada@example.com', 'correct horse battery')
  await before.close()

  const during = await startWith(`${next},${old}`)
  const refreshed = await during.refresh(tokens.refreshToken)
  t.equal(refreshed.status, 200, 'the new key makes tokens, the old one still recognises them')
  await during.close()

  const after = await startWith(next)
  const onward = await after.refresh(refreshed.body.refreshToken)
  t.equal(onward.status, 200, 'after a refresh, the old key is not needed')
  t.equal(
    (await after.refresh(tokens.refreshToken)).status,
    401,
    'what only it had made is unknown'
  )
  t.equal((await after.refresh(onward.body.refreshToken)).status, 200, 'no user loses a session')
})
