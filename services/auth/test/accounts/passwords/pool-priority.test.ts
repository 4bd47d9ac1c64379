import { pbkdf2 } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, platform } from 'node:os'
import { promisify } from 'node:util'
import t from 'tap'
import { lowerPoolPriority } from '../../../src/accounts/passwords/pool-priority.ts'

/** The name and the nice value of each thread of this process (proc(5), field 19). */
const threads = () =>
  readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
    return { name, nice: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]) }
  })

t.test(
  'the threads that hash passwords have a lower priority than the event loop',
  { skip: platform() !== 'linux' },
  async (t) => {
    t.notOk(lowerPoolPriority(), 'the pool has not begun')
    await promisify(pbkdf2)('password', 'salt', 1, 8, 'sha256')
    t.ok(lowerPoolPriority())
    const values = threads()
    const ofPool = values.filter(({ name }) => name === 'libuv-worker')
    const others = values.filter(({ name }) => name !== 'libuv-worker')
    t.ok(ofPool.length > 0)
    t.ok(ofPool.every(({ nice }) => nice === Math.min(getPriority() + 5, 19)))
    t.ok(
      others.every(({ nice }) => nice === getPriority()),
      'all others are as before'
    )
  }
)
