import { isIP } from 'node:net'
import { inputs } from '@gatehouse/fixtures/generated'
import { generator } from '@gatehouse/fixtures/generator'
import t from 'tap'
import { LONGEST_PROXY_HEADER, readProxyHeader } from '../../src/proxies/proxy-header.ts'
import { binaryHeader, overIPv4, overTls, TCP4, TCP6, tlv } from '../fixtures/proxy-headers.ts'

const text = (line: string) => readProxyHeader(Buffer.from(`${line}\r\n`, 'latin1'))
const ipv6 = Buffer.from(`20010db8${'00'.repeat(11)}07${'00'.repeat(16)}c80001bb`, 'hex')

const headers = [
  Buffer.from('PROXY TCP4 192.0.2.7 10.0.0.9 51200 443\r\n'),
  Buffer.from('PROXY UNKNOWN\r\n'),
  binaryHeader(0x21, TCP4, overIPv4('192.0.2.7'), overTls),
  binaryHeader(0x21, TCP6, ipv6),
  binaryHeader(0x20, 0)
]

t.test('a PROXY header names the client', async (t) => {
  const named = (address: string, secure = false) => ({ client: { address, secure } })
  t.match(text('PROXY TCP4 192.0.2.7 10.0.0.9 51200 443'), { length: 41, ...named('192.0.2.7') })
  t.match(text('PROXY TCP6 2001:DB8:0::7 ::1 0 65535'), named('2001:db8::7'))
  const plain = binaryHeader(0x21, TCP4, overIPv4('192.0.2.7'))
  t.match(readProxyHeader(plain), { length: 28, ...named('192.0.2.7') })
  t.match(readProxyHeader(binaryHeader(0x21, TCP6, ipv6)), named('2001:db8::7'))
  const withTlvs = binaryHeader(
    0x21,
    TCP4,
    overIPv4('192.0.2.7'),
    tlv(0xea, Buffer.from('vpce-1')),
    overTls
  )
  t.match(readProxyHeader(withTlvs), named('192.0.2.7', true))
  const inTheClear = tlv(0x20, Buffer.from([0, 0, 0, 0, 0]))
  t.match(
    readProxyHeader(binaryHeader(0x21, TCP4, overIPv4('192.0.2.7'), inTheClear)),
    named('192.0.2.7')
  )
})

t.test('a connection of the proxy itself, or of an unknown address, names no client', async (t) => {
  for (const header of [
    Buffer.from('PROXY UNKNOWN\r\n'),
    Buffer.from('PROXY UNKNOWN ffff:f ffff:f 65535 65535\r\n'),
    binaryHeader(0x20, 0),
    binaryHeader(0x20, TCP4, overIPv4('192.0.2.7')),
    binaryHeader(0x20, 0xff, Buffer.alloc(5)),
    binaryHeader(0x21, 0),
    binaryHeader(0x21, 0x31, Buffer.alloc(216))
  ]) {
    t.strictSame(readProxyHeader(header), { length: header.length, client: null })
  }
})

t.test('a PROXY header that breaks a rule is malformed', async (t) => {
  for (const line of [
    'PROXY ',
    'PROXY TCP4',
    'PROXY TCP5 192.0.2.7 10.0.0.9 1 2',
    'PROXY tcp4 192.0.2.7 10.0.0.9 1 2',
    'PROXY toString 192.0.2.7 10.0.0.9 1 2',
    'PROXY TCP4 192.0.2.7 10.0.0.9 1',
    'PROXY TCP4 192.0.2.7 10.0.0.9 1 2 3',
    'PROXY TCP4  192.0.2.7 10.0.0.9 1 2',
    'PROXY TCP4 192.0.2.7 10.0.0.9 1 2 ',
    'PROXY TCP4 192.0.2.07 10.0.0.9 1 2',
    'PROXY TCP4 2001:db8::7 10.0.0.9 1 2',
    'PROXY TCP6 192.0.2.7 10.0.0.9 1 2',
    'PROXY TCP6 fe80::1%eth0 ::1 1 2',
    'PROXY TCP4 192.0.2.7 host 1 2',
    'PROXY TCP4 192.0.2.7 10.0.0.9 01 2',
    'PROXY TCP4 192.0.2.7 10.0.0.9 1 65536',
    'PROXY TCP4 192.0.2.7 10.0.0.9 -1 2',
    'PROXY TCP4 192.0.2.7\n10.0.0.9 1 2',
    `PROXY UNKNOWN ${'x'.repeat(100)}`
  ]) {
    t.equal(text(line), 'malformed', line)
  }
  for (const header of [
    binaryHeader(0x11, TCP4, overIPv4('192.0.2.7')),
    binaryHeader(0x22, TCP4, overIPv4('192.0.2.7')),
    binaryHeader(0x2f, TCP4, overIPv4('192.0.2.7')),
    binaryHeader(0x21, 0x12, overIPv4('192.0.2.7')),
    binaryHeader(0x21, 0x41, Buffer.alloc(36)),
    binaryHeader(0x21, TCP4, Buffer.alloc(11)),
    binaryHeader(0x21, TCP6, overIPv4('192.0.2.7')),
    binaryHeader(0x21, TCP4, overIPv4('192.0.2.7'), Buffer.from([4])),
    binaryHeader(0x21, TCP4, overIPv4('192.0.2.7'), Buffer.from([4, 0, 1])),
    binaryHeader(0x21, TCP4, Buffer.alloc(LONGEST_PROXY_HEADER)).subarray(0, 16)
  ]) {
    t.equal(readProxyHeader(header), 'malformed', header.toString('hex', 12, 40))
  }
})

t.test('bytes that cannot become a PROXY header are recognised at once', async (t) => {
  for (const other of ['GET / HTTP/1.1', 'PUT', 'PRI * HTTP/2.0', '\x16\x03\x01', '\r\n\r\n\0\n']) {
    t.equal(readProxyHeader(Buffer.from(other, 'latin1')), 'none', other)
  }
})

t.test(
  'how a PROXY header is split, and what follows it, does not change how it is read',
  async (t) => {
    for (const header of headers) {
      const whole = readProxyHeader(header)
      for (let length = 0; length < header.length; length += 1) {
        t.equal(readProxyHeader(header.subarray(0, length)), 'more')
      }
      t.strictSame(readProxyHeader(Buffer.concat([header, Buffer.from('GET /')])), whole)
    }
  }
)

t.test('a mutated PROXY header is either read completely or refused', async (t) => {
  const { below, pick, seed } = generator()
  const wrong: string[] = []
  for (let left = inputs(20_000); left > 0; left -= 1) {
    const header = Buffer.from(pick(headers))
    for (let changes = 1 + below(3); changes > 0; changes -= 1) {
      header[below(header.length)] = below(256)
    }
    const read = readProxyHeader(header)
    if (typeof read !== 'object') continue
    const isAddress = read.client === null || isIP(read.client.address) !== 0
    if (read.length > header.length || !isAddress) wrong.push(header.toString('hex'))
  }
  t.strictSame(wrong, [], `seed ${seed}`)
})
