import t from 'tap'
import { isHost } from '../../src/paths/host.ts'

t.test('a text longer than a host name with its port is not a host', async (t) => {
  const name = `${'a.'.repeat(126)}a.`
  t.ok(isHost(`${name}:65535`))
  t.notOk(isHost(`${name}a:65535`))
  t.notOk(isHost(`xn--${'a'.repeat(8000)}`))
})
