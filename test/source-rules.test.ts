import t from 'tap'
import { sourceFiles } from './source-files.ts'

const files = sourceFiles()

t.test('only a main reads the process environment', async (t) => {
  const readers = files.filter(({ path, text }) => {
    return text.includes('process.env') && !path.endsWith('/main.ts')
  })
  t.strictSame(
    readers.map(({ path }) => path),
    []
  )
})

t.test('files stay under 220 lines', async (t) => {
  const long = files.filter(({ text }) => text.split('\n').length > 220)
  t.strictSame(
    long.map(({ path }) => path),
    []
  )
})

t.test('no literal is spread only to group lines', async (t) => {
  const spread = /\.\.\.\{|\.\.\.\[[^[\]]*\](?=\s*[,)\]])/
  t.strictSame(
    files.filter(({ text }) => spread.test(text)).map(({ path }) => path),
    []
  )
})
