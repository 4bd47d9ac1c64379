import { eventually } from '@gatehouse/fixtures/client'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { fullDiskMissing, limitFiles } from '@gatehouse/fixtures/full-disk'
import { asked, postgresMissing, postgresServer } from '@gatehouse/fixtures/postgres-server'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisProcess, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import {
  authService,
  email,
  login,
  password,
  registered,
  signedInBrowser
} from '../../fixtures/auth-service.ts'
import { addressOf, patient } from '../../fixtures/database/databases.ts'
import { areRefused, serviceOn, worksAgain } from '../../fixtures/database-outage.ts'
import { clockFromNow, policy, redisStore } from '../../fixtures/families/stores.ts'
import { isProblem } from '../../fixtures/problem.ts'

/** for a server that notices something once a second */
const LONG_MS = 20_000

t.test(
  'PostgreSQL without space for its write-ahead log loses no acknowledged registration',
  { skip: postgresMissing || fullDiskMissing },
  async (t) => {
    const server = await postgresServer(t)
    const url = await server.database()
    const options = { address: addressOf(url), folder: '', poolSize: 5, ...patient }
    const { auth, token, ask } = await serviceOn(t, options)
    await registered(auth, 'last@example.com')

    limitFiles(server.processes(), 1)
    const log = asked(url, "select pg_logical_emit_message(true, '', 'more')")
    await t.rejects(log, 'it cannot write its log')
    // Nor can it recover.
    await server.ended()
    await areRefused(t, ask)

    await server.start()
    await worksAgain(t, auth, token, faults.databaseLogFull)
    const { statusCode } = await auth.post('/login', { email: 'last@example.com', password })
    t.equal(statusCode === 200 ? 0 : 1, faults.databaseLogFull.lost)
  }
)

t.test(
  'Redis without space for its log of writes signs no user out',
  { skip: redisMissing || fullDiskMissing },
  async (t) => {
    const settings = ['--appendfsync', 'everysec']
    const { redis, url } = await redisServer(t, { settings })
    const clock = clockFromNow()
    const store = redisStore(await redisConnection(t, url), { policy, clock })
    const auth = await authService(t, { clock, families: () => store.families.store })
    const { user, token, headers } = await signedInBrowser(auth)
    const [leaving, other] = [await login(auth), await login(auth)]

    const pid = await redisProcess(redis)
    limitFiles([pid], 0)
    // The write that finds the disk full is answered: Redis keeps it, and tries again to log it.
    const refresh = () => auth.post('/refresh-token', { refreshToken: other.refreshToken })
    await eventually(refresh, ({ statusCode }) => statusCode === 503, LONG_MS)
    const refused = {
      'a refresh': await refresh(),
      'a refresh by cookie': await auth.post('/refresh-token', undefined, headers),
      'a logout': await auth.post('/logout', { refreshToken: leaving.refreshToken }),
      'a login': await auth.post('/login', { email, password })
    }
    for (const [title, answer] of Object.entries(refused)) {
      isProblem(t, answer, { code: 'UNAVAILABLE' }, title)
      t.strictSame([answer.statusCode], faults.redisLogFull.statuses, title)
      t.notOk(answer.headers['set-cookie'], `${title}: the cookie stays`)
    }
    const signedIn = await auth.gateway.signedIn({ subject: user.id, session: 'a session' })
    t.equal((await auth.get('/me', signedIn)).statusCode, 200, 'what needs no Redis is served')

    limitFiles([pid], null)
    const again = await endsInTime(
      t,
      faults.redisLogFull,
      refresh,
      ({ statusCode }) => statusCode !== 503
    )
    const cookie = await auth.post('/refresh-token', { refreshToken: token })
    const lost = [again, cookie].filter(({ statusCode }) => statusCode !== 200)
    t.equal(lost.length, faults.redisLogFull.lost)
    const left = await auth.post('/refresh-token', { refreshToken: leaving.refreshToken })
    isProblem(t, left, { code: 'SESSION_ENDED' }, 'a logout that was asked for holds')
  }
)
