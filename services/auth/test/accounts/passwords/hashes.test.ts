import type { Worker } from 'node:worker_threads'
import { hash as hashArgon2 } from '@node-rs/argon2'
import t from 'tap'
import {
  ForeignHashFault,
  readForeignHash
} from '../../../src/accounts/passwords/hashes/foreign-hash.ts'
import {
  decoyOf,
  isKnownCost,
  passwordCost,
  verifyHash
} from '../../../src/accounts/passwords/hashes/hash-kinds.ts'

const password = 'correct horse battery'

/**
 * Hashes of other programs: Python's hashlib, glibc's crypt, and the tests of the reference
 * implementations.
 */
const made: Record<string, { hash: string; of?: string; cost: string }> = {
  'bcrypt 2b': {
    hash: '$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.',
    cost: '$2b$05'
  },
  'bcrypt 2a, with the prefix of Django': {
    hash: 'bcrypt$$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i',
    of: 'abc',
    cost: '$2b$06'
  },
  'bcrypt 2y': {
    hash: '$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.',
    cost: '$2b$05'
  },
  argon2i: {
    hash: '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8',
    of: 'password',
    cost: '$imported-argon2i$v=19$m=256,t=2,p=1'
  },
  'argon2i of version 16': {
    hash: '$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY',
    of: 'password',
    cost: '$imported-argon2i$v=16$m=256,t=2,p=1'
  },
  'scrypt of passlib': {
    hash: '$scrypt$ln=10,r=8,p=1$AQIDBAUGBwgJCgsMDQ4PEA$a56cMwd8HVAfRmojkkAR0z2hOLB9cXfHCZKONM6dq5o',
    cost: '$scrypt$ln=10,r=8,p=1'
  },
  'scrypt of Werkzeug': {
    hash: 'scrypt:1024:8:1$saltsalt12$cc76855df23c93cf6a46e86c774ce5fe17782621553d9243886b669d5e6f0e447825f35ce99f6e3fc5e15ad5914c9c8b6dbe0647bc387239ebab4f466d8cff92',
    cost: '$scrypt$ln=10,r=8,p=1'
  },
  'scrypt of Firebase': {
    hash: '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    of: 'user1password',
    cost: '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=='
  },
  'PBKDF2 of Auth0': {
    hash: '$pbkdf2-sha512$i=1000,l=64$AQIDBAUGBwgJCgsMDQ4PEA$FqGPPZsHYNoZ7voU8eUI1Oom+nVJtSix4ejbLoOnr/NnmVrwQas6d78yCgKjNORvJfDsQ2aTCYd3bsDyBjh3vg',
    cost: '$pbkdf2-sha512$i=1000,l=64'
  },
  'PBKDF2 of passlib': {
    hash: '$pbkdf2-sha512$1000$AQIDBAUGBwgJCgsMDQ4PEA$FqGPPZsHYNoZ7voU8eUI1Oom.nVJtSix4ejbLoOnr/NnmVrwQas6d78yCgKjNORvJfDsQ2aTCYd3bsDyBjh3vg',
    cost: '$pbkdf2-sha512$i=1000,l=64'
  },
  'PBKDF2 with SHA-1 of passlib': {
    hash: '$pbkdf2$1000$AQIDBAUGBwgJCgsMDQ4PEA$5PM.Zen1DSQs25dD1sgBr.v5JZY',
    cost: '$pbkdf2-sha1$i=1000,l=20'
  },
  'PBKDF2 of Django': {
    hash: 'pbkdf2_sha256$1000$saltsalt12$YYWadXRmMig2XMdOelnjGiSaNVewRxoSYoKCDipnd48=',
    cost: '$pbkdf2-sha256$i=1000,l=32'
  },
  'PBKDF2 of Werkzeug': {
    hash: 'pbkdf2:sha256:1000$saltsalt12$61859a7574663228365cc74e7a59e31a249a3557b0471a126282820e2a67778f',
    cost: '$pbkdf2-sha256$i=1000,l=32'
  },
  'salted SHA-256': {
    hash: '{SSHA256}5OfeiHb09QZej9BOI9lP06Jg9mzv4PjgjgsnSYYCGnwBAgMEBQYHCA==',
    cost: '$ssha256'
  },
  'salted SHA-512': {
    hash: '{SSHA512}6X76d7T73BEH/Jvr7ye8RpGYuPHvQVs3rbolH4ihvyTaJisrXceVtVDKTUVhAEm2AoQlBhcx8ZVsbCGp/H8uugECAwQFBgcI',
    cost: '$ssha512'
  },
  'salted SHA-1': { hash: '{SSHA}/3PlN3UJp3C48c9ALKPgGvqO1T8BAgMEBQYHCA==', cost: '$ssha' }
}

t.test('the hash of another system matches its password, and no other', async (t) => {
  for (const [title, { hash, of = password, cost }] of Object.entries(made)) {
    const stored = readForeignHash(hash)
    t.equal(passwordCost(stored), cost, `${title}: its cost`)
    t.ok(await verifyHash(stored, of), `${title}: its password`)
    t.notOk(await verifyHash(stored, `${of} `), `${title}: another one`)
    const decoy = decoyOf(cost)
    t.equal(passwordCost(decoy), cost, `${title}: a decoy of the same cost`)
    t.notOk(await verifyHash(decoy, of), `${title}: which no password has`)
  }
})

t.test('an argon2 hash of another system is checked with the password as typed', async (t) => {
  const typed = 'crème ﬁne'
  const stored = readForeignHash(await hashArgon2(typed, { memoryCost: 1024, timeCost: 1 }))
  t.ok(await verifyHash(stored, typed))
  t.notOk(await verifyHash(stored, typed.normalize('NFKC')))
})

t.test('bcrypt reads 72 bytes, and a NUL like any other character', async (t) => {
  const { bcrypt } = await import('hash-wasm')
  const of = async (text: string) =>
    readForeignHash(
      await bcrypt({
        password: text,
        salt: Buffer.alloc(16, 7),
        costFactor: 4,
        outputType: 'encoded'
      })
    )
  const long = 'ü'.repeat(36)
  t.ok(await verifyHash(await of(long), `${long} and more`), 'as the system that made it')
  t.notOk(await verifyHash(await of('before'), 'before\0after'))
  t.ok(await verifyHash(await of('before\0after'), 'before\0after'))
})

const base64 = (bytes: number) => Buffer.alloc(bytes, 1).toString('base64').replaceAll('=', '')
const bcryptOf = (cost: string, length = 53) => `$2b$${cost}$${'a'.repeat(length)}`
const argon2Of = (cost: string) => `$argon2id$v=19$${cost}$${base64(16)}$${base64(32)}`
const scryptOf = (cost: string) => `$scrypt$${cost}$${base64(16)}$${base64(32)}`
const firebaseOf = (cost: string, key = base64(64)) =>
  `$fbscrypt$v=1,${cost},ss=Bw==,sk=${key}$${base64(8)}$${base64(64)}`

t.test('a hash that costs too much, or is too short, is refused', async (t) => {
  const refused = {
    'a bcrypt cost of 31': [bcryptOf('31'), /cost .*\$2b\$31/],
    'a bcrypt cost of 15': [bcryptOf('15'), /cost/],
    'a bcrypt cost of 3': [bcryptOf('03'), /cost/],
    'bcrypt cut short': [bcryptOf('10', 52), /unknown kind/],
    'bcrypt 2x, which was a mistake': [`$2x$10$${'a'.repeat(53)}`, /unknown kind/],
    'argon2 of 4 GiB': [argon2Of('m=4194304,t=1,p=1'), /cost/],
    'argon2 of a million passes': [argon2Of('m=8192,t=1000000,p=1'), /cost/],
    'argon2 of many lanes': [argon2Of('m=65536,t=1,p=64'), /cost/],
    'argon2 of no passes': [argon2Of('m=65536,t=0,p=1'), /cost/],
    'argon2 of a later version': [argon2Of('m=65536,t=1,p=1').replace('19', '99'), /cost/],
    'scrypt of 1 GiB': [scryptOf('ln=20,r=8,p=1'), /cost/],
    'scrypt of 2^40': [scryptOf('ln=40,r=8,p=1'), /cost/],
    'scrypt of 10^300': [scryptOf(`ln=1,r=8,p=1${'0'.repeat(300)}`), /cost/],
    'scrypt of many rounds': [scryptOf('ln=14,r=8,p=1024'), /cost/],
    'scrypt whose N is not a power of two': [
      `scrypt:1000:8:1$salt$${'ab'.repeat(32)}`,
      /cost|kind/
    ],
    'Firebase scrypt of 1 GiB': [firebaseOf('n=20,r=8,p=1'), /cost/],
    'Firebase scrypt without a key': [firebaseOf('n=14,r=8,p=1', ''), /cost/],
    'Firebase scrypt with a short key': [firebaseOf('n=14,r=8,p=1', base64(4)), /cost/],
    'PBKDF2 of 3 million': [`$pbkdf2-sha256$i=3000000$${base64(16)}$${base64(32)}`, /cost/],
    'PBKDF2 of 1 million twice': [`$pbkdf2-sha256$i=1500000$${base64(16)}$${base64(64)}`, /cost/],
    'PBKDF2 of none': [`$pbkdf2-sha256$i=0$${base64(16)}$${base64(32)}`, /cost/],
    'PBKDF2 of MD5': [`$pbkdf2-md5$i=1000$${base64(16)}$${base64(32)}`, /unknown kind/],
    'a hash of 8 bytes': [`$pbkdf2-sha256$i=1000$${base64(16)}$${base64(8)}`, /16 to 128 bytes/],
    'a salt of 2 bytes': [`$scrypt$ln=10,r=8,p=1$${base64(2)}$${base64(32)}`, /salt/],
    'SHA without a salt': [`{SSHA256}${base64(32)}`, /malformed/],
    'unsalted SHA': [`{SHA256}${base64(32)}`, /unknown kind/],
    MD5: ['5f4dcc3b5aa765d61d8327deb882cf99', /unknown kind/],
    'the password itself': [password, /unknown kind/],
    nothing: ['', /unknown kind/],
    'a text that is not base64': ['$scrypt$ln=10,r=8,p=1$ü$ö', /malformed/]
  } as const
  for (const [title, [text, words]] of Object.entries(refused)) {
    const fault: unknown = t.throws(() => readForeignHash(text), ForeignHashFault, title)
    t.match(String(fault), words, title)
    t.notMatch(String(fault), /sk=|AQEB/, `${title}: and tells nothing secret`)
  }
})

t.test('a forbidden hash in the database matches no password', async (t) => {
  for (const text of [bcryptOf('31'), scryptOf('ln=40,r=8,p=1'), '', 'x', '$2', '$2b$10$short']) {
    t.equal(await verifyHash(text, password), false, text)
    t.throws(() => decoyOf(text), Error)
  }
  t.notOk(isKnownCost('$2b$31'))
})

t.test('a thread for bcrypt that fails while it is idle is replaced', async (t) => {
  const stored = readForeignHash(made['bcrypt 2b']?.hash ?? '')
  const threads: Worker[] = []
  const note = (thread: Worker) => threads.push(thread)
  process.on('worker', note)
  t.teardown(() => process.off('worker', note))
  // One thread is idle after the tests above.
  const two = () => Promise.all([verifyHash(stored, password), verifyHash(stored, password)])
  await two()
  const [thread] = threads
  t.doesNotThrow(() => thread?.emit('error', new Error('out of memory')))
  await thread?.terminate()
  t.strictSame(await two(), [true, true])
  t.equal(threads.length, 2)
})

const total = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000

t.test('many simultaneous bcrypt hashes do not block the event loop', async (t) => {
  const stored = readForeignHash(made['bcrypt 2b']?.hash ?? '').replace('$05$', '$08$')
  await verifyHash(stored, password)
  // Processor time, because a busy machine also interrupts a thread that has little to do.
  const [own, all] = [process.threadCpuUsage(), process.cpuUsage()]
  await Promise.all(Array.from({ length: 4 }, () => verifyHash(stored, password)))
  const [ownMs, allMs] = [total(process.threadCpuUsage(own)), total(process.cpuUsage(all))]
  t.ok(ownMs < allMs / 2, `${ownMs} of ${allMs} ms of processor time were of the event loop`)
})
