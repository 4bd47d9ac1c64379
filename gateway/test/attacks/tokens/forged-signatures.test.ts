import { sign } from 'node:crypto'
import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { signature } from '../../fixtures/issuer.ts'
import { isRefusedTwice } from '../fixtures/is-refused.ts'
import { signedBy } from '../fixtures/signed-by.ts'

/** The order of P-256 (SEC 2 §2.4.2). */
const ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
const ZERO = Buffer.alloc(32)

t.test('a signature of another length or outside the curve’s order is refused', async (t) => {
  const gateway = await edge(t)
  const good = (input: string) => signature(input, gateway.key)
  const der = (input: string) => sign('sha256', Buffer.from(input), gateway.key.privateKey)
  const half = (input: string, at: 'r' | 's') =>
    good(input).subarray(...(at === 'r' ? [0, 32] : [32]))
  const max = Buffer.alloc(32, 0xff)
  const signers: Record<string, (input: string) => Buffer> = {
    empty: () => Buffer.alloc(0),
    'one byte': () => Buffer.alloc(1),
    'cut short': (input) => good(input).subarray(0, 63),
    'one byte more': (input) => Buffer.concat([good(input), Buffer.alloc(1)]),
    twice: (input) => Buffer.concat([good(input), good(input)]),
    'all zero (CVE-2022-21449)': () => Buffer.alloc(64),
    'r zero': (input) => Buffer.concat([ZERO, half(input, 's')]),
    's zero': (input) => Buffer.concat([half(input, 'r'), ZERO]),
    'r and s the order': () => Buffer.concat([ORDER, ORDER]),
    'r and s over the order': () => Buffer.concat([max, max]),
    's over the order': (input) => Buffer.concat([half(input, 'r'), max]),
    'r and s one': () =>
      Buffer.concat([ZERO, ZERO]).map((_, at) => (at % 32 === 31 ? 1 : 0)) as Buffer,
    DER: der,
    'DER, r negative': (input) => Buffer.from(der(input)).fill(0xff, 4, 5),
    'DER of two zeros': () => Buffer.from('3006020100020100', 'hex'),
    'of other bytes': () => good('other bytes')
  }
  for (const [title, signer] of Object.entries(signers)) {
    await isRefusedTwice(t, gateway, signedBy(gateway, {}, signer), title)
  }
  t.equal((await gateway.call('/closed')).status, 200, 'and the whole signature is good')
})
