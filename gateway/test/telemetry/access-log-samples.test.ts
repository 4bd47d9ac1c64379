import { connect } from 'node:net'
import t from 'tap'
import { readSamples } from '../../src/telemetry/access-log.ts'
import { logged } from './fixtures/logged.ts'

t.test('access log lines are sampled by route and by status class', async (t) => {
  const { gateway, next } = await logged(t, { '2xx': 0.4, '4xx': 0.6 })
  await (await gateway.call('/open/a')).text()
  await (await gateway.call('/quiet/a')).text()
  await (await gateway.call('/closed/a', { headers: { authorization: '' } })).text()
  const line = await next()
  t.match(line, { 'http.response.status_code': 401, sample_rate: 0.6 }, 'the share is in the line')
})

t.test('the setting for log samples has a share from 0 to 1 per status class', async (t) => {
  t.strictSame(readSamples('2xx=0.1, none=0 5xx=1'), { '2xx': 0.1, none: 0, '5xx': 1 })
  t.strictSame(readSamples(''), {})
  for (const wrong of ['2xx', '2xx=', '2xx=2', '2xx=-1', '200=0.5', '2xx=0.5=1', '2xx=x']) {
    t.equal(readSamples(wrong), null, wrong)
  }
})

t.test('an absolute target and a long one are cut to their paths', async (t) => {
  const { gateway, next } = await logged(t)
  const socket = connect(gateway.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  const host = `127.0.0.1:${gateway.port}`
  for (const [target, path] of [
    [`http://${host}/open/a?b`, '/open/a'],
    [`/open/${'a'.repeat(3000)}`, `/open/${'a'.repeat(1018)}`]
  ]) {
    socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    t.equal((await next())['url.path'], path)
  }
})
