import { COMMAND_TYPE } from '@gatehouse/fleet/commands'
import { CompactSign, exportSPKI, generateKeyPair } from 'jose'
import t from 'tap'
import { commandVerifier, oncePerCommand } from '../../src/commands/verify-command.ts'
import { signatureChecks } from '../../src/signatures/signature-checks.ts'

const NOW = 1_795_428_000
const own = await generateKeyPair('ES256')
const stranger = await generateKeyPair('ES256')
const pem = await exportSPKI(own.publicKey)
const key = { kid: 'k1', issuer: null, algorithms: ['ES256'], pem } as const
const order = { kind: 'drain', force: false }
const drain = { id: 'q1', to: ['gw-1', 'gw-2'], iat: NOW, order }

type Changes = {
  readonly typ?: string
  readonly kid?: string
  readonly signer?: typeof own.privateKey
}

const signed = (payload: object, { typ = COMMAND_TYPE, kid = 'k1', signer }: Changes = {}) =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', kid, typ })
    .sign(signer ?? own.privateKey)

function reader({ isWithdrawn = false, nowMs = () => NOW * 1000 } = {}) {
  const verify = commandVerifier({
    keys: {
      find: async (kid) => (kid === 'k1' ? key : null),
      isWithdrawn: () => isWithdrawn
    },
    checkSignature: signatureChecks(),
    id: 'gw-1',
    clock: nowMs
  })
  const isFirst = oncePerCommand(nowMs)
  /** The order of a command that counts; null: it does not. */
  return async (text: string, question: string) => {
    const command = await verify(text, question)
    return command !== null && isFirst(command) ? command.order : null
  }
}

t.test('a command that the auth service has signed is carried out once', async (t) => {
  const read = reader()
  const text = await signed(drain)
  t.strictSame(await read(text, 'q1'), order)
  t.equal(await read(text, 'q1'), null, 'a second time, whoever has written it')
  t.strictSame(await read(await signed({ ...drain, id: 'q2' }), 'q2'), order, 'the next one')
})

t.test('write access to the store is not enough to order anything from a gateway', async (t) => {
  const texts = {
    'another key has signed': await signed(drain, { signer: stranger.privateKey }),
    'the key is unknown': await signed(drain, { kid: 'k2' }),
    'an access token, or a head of the audit log': await signed(drain, { typ: 'at+jwt' }),
    'for another gateway': await signed({ ...drain, to: ['gw-2'] }),
    'for another question': await signed({ ...drain, id: 'q9' }),
    'an order that does not exist': await signed({ ...drain, order: { kind: 'end' } }),
    'not an object': await signed([drain]),
    'not a JWS': JSON.stringify(drain),
    empty: ''
  }
  for (const [why, text] of Object.entries(texts)) t.equal(await reader()(text, 'q1'), null, why)
  const altered = (await signed(drain)).split('.')
  altered[1] = Buffer.from(JSON.stringify({ ...drain, iat: NOW + 1 })).toString('base64url')
  t.equal(await reader()(altered.join('.'), 'q1'), null, 'altered')
  t.equal(await reader({ isWithdrawn: true })(await signed(drain), 'q1'), null, 'a revoked key')
})

t.test('an old command is not carried out, even by a gateway that has forgotten it', async (t) => {
  for (const [seconds, isRead] of [
    [120, true],
    [121, false],
    [-60, true],
    [-61, false]
  ] as const) {
    const read = reader({ nowMs: () => (NOW + seconds) * 1000 })
    t.equal((await read(await signed(drain), 'q1')) !== null, isRead, `after ${seconds} s`)
  }
  let seconds = -60
  const read = reader({ nowMs: () => (NOW + seconds) * 1000 })
  const text = await signed(drain)
  t.not(await read(text, 'q1'), null)
  for (seconds = -59; seconds <= 121; seconds += 1) t.equal(await read(text, 'q1'), null)
})
