import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { noteProofFlaws } from '../../src/http/note-proof-flaws.ts'

t.test(
  'a gateway proof that is not accepted is logged once per minute, with a remedy',
  async (t) => {
    const lines: unknown[] = []
    const clock = testClock()
    const note = noteProofFlaws({ warn: (...line: unknown[]) => lines.push(line) }, clock)
    note('invalid')
    t.strictSame(lines, [], 'any program can send one')
    for (const flaw of ['other-service', 'expired', 'other-service'] as const) note(flaw)
    t.match(lines, [
      [
        { reason: 'other-service', remedy: /AUTH_UPSTREAM_NAME/ },
        /proof of a gateway is not accepted/
      ],
      [{ reason: 'expired', remedy: /clocks/ }]
    ])
    clock.advance(60_000)
    note('unknown-key')
    note('other-service')
    note('keys-unavailable')
    t.match(lines.slice(2), [
      [{ remedy: /GATEWAY_KEYS_URL/ }],
      [{ remedy: /AUTH_UPSTREAM_NAME/ }],
      [{ remedy: /GATEWAY_KEYS_URL/ }]
    ])
  }
)
