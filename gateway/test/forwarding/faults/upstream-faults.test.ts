import t from 'tap'
import {
  isOfAddress,
  isShortage,
  refusalOf,
  wasNeverSent
} from '../../../src/forwarding/faults/upstream-faults.ts'

const fault = (code: string) => Object.assign(new Error(code), { code })

t.test(
  'if the gateway runs out of ports, files or memory, no address counts as failed',
  async (t) => {
    for (const code of ['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']) {
      for (const error of [fault(code), new AggregateError([fault('ECONNREFUSED'), fault(code)])]) {
        t.equal(isOfAddress(error), false, code)
        t.ok(isShortage(error))
        t.ok(wasNeverSent(error), 'so another address may be asked')
      }
    }
  }
)

t.test('a service that cannot be reached, or breaks off, is at fault', async (t) => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET', 'ENOTFOUND']) {
    t.ok(isOfAddress(fault(code)), code)
    t.notOk(isShortage(fault(code)))
  }
  t.notOk(isOfAddress(fault('UND_ERR_HEADERS_TIMEOUT')), 'a slow one is another matter')
})

t.test('a service is not at fault if the gateway closes the connection to it', async (t) => {
  const closed = fault('UND_ERR_DESTROYED')
  t.match(refusalOf(closed), { code: 'UNAVAILABLE', status: 503 })
  t.notOk(isOfAddress(closed))
})
