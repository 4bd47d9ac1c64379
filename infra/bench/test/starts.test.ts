import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { issuer } from '../edge/tokens.ts'
import { measuredStart, starters } from '../starts.ts'

t.test(
  'a start of each kind of process has a time, a processor time and a memory',
  { skip: redisMissing },
  async (t) => {
    const { url } = await redisServer(t)
    const issuing = await issuer()
    t.teardown(issuing.close)
    for (const [name, starter] of Object.entries(starters(dataFolder(t), url, issuing))) {
      const { seconds, processorSeconds, memory } = await measuredStart(starter, 0)
      t.ok(seconds > 0, name)
      t.ok(processorSeconds > 0.05 && processorSeconds < 60, `${processorSeconds} s`)
      t.ok(memory > 20, `${memory} MiB`)
    }
  }
)
