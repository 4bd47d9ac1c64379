import t from 'tap'
import { hashQueue } from '../src/accounts/hash-queue.ts'
import { authService, email, login, password, registered } from './fixtures/auth-service.ts'

type Auth = Awaited<ReturnType<typeof authService>>

/** The count of each series of a histogram, by its labels. */
async function counts({ registry }: Auth, name: string): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric(name)?.get()
  const values = (metric?.values ?? []) as readonly {
    readonly metricName?: string
    readonly value: number
    readonly labels: Readonly<Record<string, string | number>>
  }[]
  const of = values.filter(({ metricName }) => metricName === `${name}_count`)
  return Object.fromEntries(of.map(({ labels, value }) => [Object.values(labels).join(' '), value]))
}

t.test(
  'requests are counted by route and status, and by nothing that a client chooses',
  async (t) => {
    const auth = await authService(t)
    await registered(auth)
    await auth.post('/register', { email, password })
    const { refreshToken } = await login(auth)
    await login(auth)
    await auth.post('/login', { email, password: 'a wrong one' })
    await auth.post('/refresh-token', { refreshToken })
    await auth.post('/refresh-token', { refreshToken: 'garbled' })
    await auth.get('/chosen-by-a-client')
    t.strictSame(await counts(auth, 'auth_request_duration_seconds'), {
      '/register 201': 1,
      '/register 409': 1,
      '/login 200': 2,
      '/login 401': 1,
      '/refresh-token 200': 1,
      '/refresh-token 401': 1,
      'none 404': 1
    })
    t.strictSame(await counts(auth, 'auth_password_hash_wait_seconds'), { '': 5 }, 'hashes')
    t.match(
      await auth.registry.getSingleMetricAsString('auth_password_hashes_waiting'),
      /^auth_password_hashes_waiting 0$/m
    )
    t.match(
      await auth.registry.getSingleMetricAsString('auth_password_hashes_refused_total'),
      /^auth_password_hashes_refused_total 0$/m
    )
  }
)

t.test('the queue of hashes tells how many wait, how long, and how many are refused', async (t) => {
  const told: string[] = []
  let waits = 0
  const queue = hashQueue({
    width: 1,
    longest: 1,
    watch: {
      waiting: (count) => void told.push(`${count} wait`),
      waited: (seconds) => {
        waits += 1
        t.ok(seconds >= 0)
      },
      refused: () => void told.push('refused')
    }
  })
  const first = Promise.withResolvers<void>()
  const running = queue(() => first.promise)
  const waiting = queue(async () => 'done')
  await t.rejects(
    queue(async () => 'never'),
    { code: 'UNAVAILABLE' }
  )
  first.resolve()
  await running
  t.equal(await waiting, 'done')
  t.strictSame(told, ['1 wait', 'refused', '0 wait'])
  t.equal(waits, 2, 'the refused one did not begin')
})
