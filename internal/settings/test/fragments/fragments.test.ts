import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { loadEnvFile } from '@gatehouse/settings/env-file'
import { words } from '@gatehouse/settings/words'
import t from 'tap'

t.test('a list is separated by spaces, commas, lines or all of them', async (t) => {
  t.strictSame(words('http://a http://b'), ['http://a', 'http://b'])
  t.strictSame(words(' a, b ,,c\n\td,'), ['a', 'b', 'c', 'd'])
})

t.test('an empty list has no words', async (t) => {
  t.strictSame(words(''), [])
  t.strictSame(words(' , '), [])
})

t.test(
  'a settings file may have any line ends, and the environment takes precedence',
  async (t) => {
    const file = join(dataFolder(t), '.env')
    const environment: NodeJS.ProcessEnv = { GATEWAY_PORT: '1' }
    loadEnvFile(environment, file)
    t.strictSame(environment, { GATEWAY_PORT: '1' }, 'no file')
    writeFileSync(file, '\u{FEFF}LOG_LEVEL=warn\r\nGATEWAY_PORT=2\r\n# AUTH_PORT=3\r\n')
    loadEnvFile(environment, file)
    t.strictSame(environment, { GATEWAY_PORT: '1', LOG_LEVEL: 'warn' })
  }
)

t.test('a settings file that cannot be read is reported by its name', async (t) => {
  const folder = dataFolder(t)
  t.throws(() => loadEnvFile({}, folder), { message: `cannot read ${folder}: it is a folder` })
  const file = join(folder, '.env')
  writeFileSync(file, Buffer.from('LOG_LEVEL=warn', 'utf16le'))
  t.throws(() => loadEnvFile({}, file), { message: `cannot read ${file}: it is not UTF-8 text` })
})
