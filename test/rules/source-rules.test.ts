import t from 'tap'
import { read, sourceFiles } from './fixtures/source-files.ts'

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

t.test('comments stay within 100 columns', async (t) => {
  const isWide = (line: string) => line.length > 100 && /^\s*(\*|\/\/|\/\*)/.test(line)
  const wide = files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .filter(isWide)
      .map((line) => `${path}: ${line}`)
  )
  t.strictSame(wide, [])
})

t.test('no literal is spread only to group lines', async (t) => {
  const spread = /\.\.\.\{|\.\.\.\[[^[\]]*\](?=\s*[,)\]])/
  t.strictSame(
    files.filter(({ text }) => spread.test(text)).map(({ path }) => path),
    []
  )
})

t.test('each route whose change ends sessions publishes their ends', async (t) => {
  const ends = /const (?:\{[^}]*\b(?:ended|sids)\b[^}]*\}|ended|sids) = await /
  /** Operations that end sessions in both stores. */
  const isEndItself = /\/sessions(?:\.ts|\/)|\/end-every-session\.ts$/
  const routes = files.filter(
    ({ path, text }) =>
      path.startsWith('services/auth/src/http/') && !isEndItself.test(path) && ends.test(text)
  )
  t.ok(routes.length >= 10, `${routes.length} routes`)
  // Without this, gateways learn of the end only when `SessionEnds.settle` publishes it.
  t.strictSame(
    routes.filter(({ text }) => !text.includes('.publishAll(')).map(({ path }) => path),
    []
  )
})

t.test('audit events are inserted in one place, whose form the metrics can count', async (t) => {
  const inserting = files.filter(({ text }) => text.includes("insertInto('audit_events')"))
  t.strictSame(
    inserting.map(({ path }) => path),
    ['services/auth/src/audit/audit-log.ts']
  )
  t.match(inserting[0]?.text, "insertInto('audit_events').values(")
})

t.test('a pause is not measured with a clock that can be set back', async (t) => {
  const pause = /\bclock\(\) \+ [A-Z_]+_MS\b/
  t.strictSame(
    files.filter(({ text }) => pause.test(text)).map(({ path }) => path),
    // It compares times that all gateways store in Redis.
    ['internal/fleet/src/redis-fleet.ts']
  )
})

t.test('the pages for users have the colours of the console', async (t) => {
  const coloursOf = (path: string) =>
    Object.fromEntries(
      [...read(path).matchAll(/(--[\w-]+): (light-dark\([^)]*\))/g)].map(([, name, value]) => [
        name,
        value
      ])
    )
  const ofPages = coloursOf('services/auth/pages/pages.css')
  t.ok(Object.keys(ofPages).length >= 10, `${Object.keys(ofPages).length} colours`)
  t.match(coloursOf('console/src/style/base.css'), ofPages)
})
