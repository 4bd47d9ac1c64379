import t from 'tap'
import { mergedReadiness } from '../../../src/workers/primary/merged-readiness.ts'

const ready = (keys: number | null = 1) => ({
  status: 200,
  body: { status: 'ready', failing: {}, ageSeconds: { keys } } as const
})
const degraded = {
  status: 200,
  body: {
    status: 'degraded',
    failing: {},
    degraded: { revocations: 'late' },
    ageSeconds: { keys: 2, revocations: 12 }
  }
} as const
const notReady = {
  status: 503,
  body: { status: 'not ready', failing: { keys: 'no key set' }, ageSeconds: { keys: null } }
} as const
const two = { workers: 2, draining: null }

t.test('workers are ready together if each of them is ready', async (t) => {
  t.strictSame(mergedReadiness([ready(1), ready(3)], two), {
    isReady: true,
    body: { status: 'ready', failing: {}, ageSeconds: { keys: 3 } }
  })
})

t.test('workers are ready and degraded if some are missing, silent or not ready', async (t) => {
  for (const others of [[], [null], [notReady]]) {
    t.strictSame(mergedReadiness([ready(), ...others], two), {
      isReady: true,
      body: {
        status: 'degraded',
        failing: {},
        degraded: { workers: '1 of 2 workers not ready' },
        ageSeconds: { keys: 1 }
      }
    })
  }
})

t.test('a draining worker that has been replaced does not count as missing', async (t) => {
  t.equal(mergedReadiness([ready(), notReady, ready()], two).body.status, 'ready')
})

t.test('a degraded worker degrades all workers, and the greatest age counts', async (t) => {
  t.strictSame(mergedReadiness([ready(1), degraded], two).body, {
    status: 'degraded',
    failing: {},
    degraded: { revocations: 'late' },
    ageSeconds: { keys: 2, revocations: 12 }
  })
  t.strictSame(mergedReadiness([ready(null), ready(1)], two).body.ageSeconds, { keys: null })
})

t.test('workers are not ready if none is, and the body says why', async (t) => {
  t.strictSame(mergedReadiness([notReady, null], two), {
    isReady: false,
    body: {
      status: 'not ready',
      failing: { workers: 'no worker is ready', keys: 'no key set' },
      ageSeconds: { keys: null }
    }
  })
  t.match(mergedReadiness([], two), { isReady: false, body: { status: 'not ready' } })
})

t.test('workers are not ready while their process ends', async (t) => {
  t.match(mergedReadiness([ready(), ready()], { workers: 2, draining: 'the process is ending' }), {
    isReady: false,
    body: { status: 'draining', failing: { draining: 'the process is ending' } }
  })
})
