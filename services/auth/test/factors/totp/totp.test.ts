import { inflateSync } from 'node:zlib'
import { fromBase32 } from '@gatehouse/fixtures/authenticator'
import decodeQr from 'qr/decode.js'
import t from 'tap'
import { base32 } from '../../../src/factors/base32.ts'
import { qrCode } from '../../../src/factors/totp/qr-code.ts'
import {
  newTotpSecret,
  stepAt,
  stepOfCode,
  totpCode,
  totpUri
} from '../../../src/factors/totp/totp.ts'

/** RFC 6238, appendix B, SHA-1: the last six of its eight digits. */
const vectors = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130']
] as const

const secret = Buffer.from('12345678901234567890')

t.test('the codes are those of RFC 6238', async (t) => {
  for (const [seconds, code] of vectors) {
    t.equal(totpCode(secret, stepAt(seconds * 1000)), code, `${seconds} s`)
  }
})

t.test('a code is valid in its own half minute, and in the one before and after', async (t) => {
  const nowMs = 1_111_111_111_000
  const code = totpCode(secret, stepAt(nowMs))
  const found = [-60, -30, 0, 30, 60].map((late) => stepOfCode(secret, code, nowMs + late * 1000))
  const step = stepAt(nowMs)
  t.strictSame(found, [null, step, step, step, null])
  t.equal(stepOfCode(secret, '', nowMs), null, 'no code')
})

t.test('secrets are written in base32 as RFC 4648 defines it', async (t) => {
  const texts = ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar']
  const encoded = ['', 'MY', 'MZXQ', 'MZXW6', 'MZXW6YQ', 'MZXW6YTB', 'MZXW6YTBOI']
  t.strictSame(
    texts.map((text) => base32(Buffer.from(text))),
    encoded
  )
  const made = newTotpSecret()
  t.equal(made.length, 20, '160 bits')
  t.strictSame(fromBase32(base32(made)), made)
})

t.test(
  'an authenticator app reads the secret, the account and the issuer from the QR code',
  async (t) => {
    const uri = totpUri(secret, { issuer: 'Ada & Söhne: Bank', email: 'ada+x@example.com' })
    const url = new URL(uri)
    t.equal(url.host, 'totp')
    t.equal(decodeURIComponent(url.pathname), '/Ada & Söhne: Bank:ada+x@example.com')
    t.strictSame(Object.fromEntries(url.searchParams), {
      secret: base32(secret),
      issuer: 'Ada & Söhne: Bank',
      algorithm: 'SHA1',
      digits: '6',
      period: '30'
    })
    const { text, dataUri } = qrCode(uri)
    t.equal(scanned(rowsOfText(text), 4), uri, 'the text is scanned')
    t.equal(scanned(rowsOfImage(dataUri), 1), uri, 'the image is scanned')
  }
)

t.test('the QR code of a long address stays small enough for a phone', async (t) => {
  const uri = totpUri(secret, { issuer: 'あ'.repeat(100), email: `${'あ'.repeat(249)}@a.jp` })
  t.ok(uri.length < 420, `${uri.length} characters`)
  t.match(new URL(uri).searchParams.get('issuer'), /^あ{7}…$/)
  const { text, dataUri } = qrCode(uri)
  t.equal(scanned(rowsOfImage(dataUri), 1), uri)
  t.ok(text.length + dataUri.length < 6000, 'a small response')
})

/**
 * Whether each module is light, from the characters of a terminal, each of which shows two rows of
 * modules.
 */
function rowsOfText(text: string): boolean[][] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.flatMap((line) => [
    [...line].map((one) => one === '█' || one === '▀'),
    [...line].map((one) => one === '█' || one === '▄')
  ])
}

/**
 * Whether each pixel of a PNG is light. A row begins with the byte of its filter, which is 0
 * (none).
 */
function rowsOfImage(dataUri: string): boolean[][] {
  const png = Buffer.from(dataUri.replace('data:image/png;base64,', ''), 'base64')
  const width = png.readUInt32BE(16)
  const start = png.indexOf('IDAT')
  const pixels = inflateSync(png.subarray(start + 4, start + 4 + png.readUInt32BE(start - 4)))
  const stride = 1 + Math.ceil(width / 8)
  const isLight = (x: number, y: number) =>
    ((pixels.readUInt8(y * stride + 1 + Math.floor(x / 8)) >> (7 - (x % 8))) & 1) === 1
  const side = Array.from({ length: width }, (_, index) => index)
  return side.map((y) => side.map((x) => isLight(x, y)))
}

function scanned(rows: readonly (readonly boolean[])[], scale: number): string {
  const width = (rows[0]?.length ?? 0) * scale
  const height = rows.length * scale
  const data = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const isLight = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true
      data.fill(isLight ? 255 : 0, (y * width + x) * 4, (y * width + x) * 4 + 4)
    }
  }
  return decodeQr({ width, height, data })
}
