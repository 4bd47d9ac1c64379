import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { newKey, signature } from '../../fixtures/issuer.ts'
import { isRefusedTwice } from '../fixtures/is-refused.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The same bytes in another spelling: the unused bits of the last character are set. */
function spareBitsSet(segment: string): string {
  const last = ALPHABET.indexOf(segment.slice(-1))
  return `${segment.slice(0, -1)}${ALPHABET[last + 1]}`
}

const spellings: Record<string, (segment: string) => string> = {
  'spare bits set': spareBitsSet,
  '= behind': (segment) => `${segment}=`,
  '== behind': (segment) => `${segment}==`,
  'a plus': (segment) => `${segment}+`,
  'a slash': (segment) => `${segment.slice(0, 4)}/${segment.slice(4)}`,
  'a space within': (segment) => `${segment.slice(0, 4)} ${segment.slice(4)}`,
  'a tab within': (segment) => `${segment.slice(0, 4)}\t${segment.slice(4)}`,
  'one character more': (segment) => `${segment}A`,
  'a tilde': (segment) => `${segment}~`,
  'a percent sign': (segment) => `${segment}%3D`
}

t.test('every other encoding of a token is refused', async (t) => {
  // With such a short kid, each of the three parts has unused bits in its last character.
  const gateway = await edge(t, { key: newKey('ES256', 'k') })
  const token = gateway.token()
  t.ok(
    token.split('.').every((part) => part.length % 4 !== 0),
    'all three have bits to spare'
  )
  const genuine = () => gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })
  t.equal((await genuine()).status, 200)
  const parts = token.split('.')
  for (const [at, part] of ['header', 'payload', 'signature'].entries()) {
    for (const [title, respell] of Object.entries(spellings)) {
      const changed = parts.with(at, respell(parts[at] ?? ''))
      await isRefusedTwice(t, gateway, changed.join('.'), `${part}: ${title}`)
      if (at === 2) continue
      // Signed again, so that only the spelling is wrong.
      const input = `${changed[0]}.${changed[1]}`
      const signed = `${input}.${signature(input, gateway.key).toString('base64url')}`
      await isRefusedTwice(t, gateway, signed, `${part}: ${title}, signed so`)
    }
  }
  const [header, payload, end] = parts
  for (const [title, text] of Object.entries({
    'two parts': `${header}.${payload}`,
    'no signature': `${header}.${payload}.`,
    'a dot behind': `${token}.`,
    'a dot before': `.${token}`,
    'four parts': `${token}.${end}`,
    'five parts, as JWE': `${header}.AA.AA.${payload}.${end}`,
    'JSON serialisation': JSON.stringify({ protected: header, payload, signature: end }),
    'one dot': '.',
    'two dots': '../..',
    'in quotes': `"${token}"`,
    'nine kilobytes': `${header}.${'A'.repeat(9000)}.${end}`
  })) {
    await isRefusedTwice(t, gateway, text, title)
  }
  t.equal((await genuine()).status, 200, 'and the genuine one is still good')
})
