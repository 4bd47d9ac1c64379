import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@gatehouse/fixtures/client'
import t, { type Test } from 'tap'
import type { Job, Ran } from '../job.ts'
import { runJobs } from '../lanes/run-jobs.ts'
import { type Outcome, outcomeOf } from '../report/outcome.ts'

const NODE_OPTIONS =
  process.env.NODE_OPTIONS ?? `--import=${import.meta.resolve('../loading/replaced-modules.ts')}`

/** Runs test files with this text, in the given order if no timings of them are known. */
async function run(t: Test, files: Record<string, { source: string } & Partial<Job>>, lanes = 1) {
  const folder = t.testdir()
  const jobs = Object.entries(files).map(([name, { source, ...more }]): Job => {
    const file = join(folder, `${name}.ts`)
    writeFileSync(file, `import { setTimeout as sleep } from 'node:timers/promises'\n${source}`)
    const args = ['--disable-warning=ExperimentalWarning', file]
    const job = { name, files: [file], kind: 'tests', command: process.execPath, args } as const
    return { ...job, limitMs: 60_000, expectedSeconds: null, ...more }
  })
  const order: string[] = []
  const ended: Record<string, { ran: Ran; outcome: Outcome }> = {}
  await runJobs(jobs, {
    lanes,
    folder,
    env: { ...process.env, NODE_OPTIONS, TAP: '1', TAP_TIMEOUT: '600' },
    onEnd(job, ran) {
      order.push(job.name)
      ended[job.name] = { ran, outcome: outcomeOf(job, ran) }
      return []
    }
  })
  return { order, of: (name: string) => ended[name] as { ran: Ran; outcome: Outcome } }
}

const good = `import t from 'tap'\nt.ok(true, 'one')\nt.test('more', async (t) => t.equal(1, 1))\n`

t.test('a file passes if it prints a summary and its process exits with 0', async (t) => {
  const { of } = await run(t, { good: { source: good } })
  t.match(of('good').outcome, { passed: 2, failed: 0, skipped: [], report: '' })
})

t.test('each failed assertion and each error counts, with its cause', async (t) => {
  const source = `import t from 'tap'
t.equal(1, 2, 'one is two')
t.test('outer', async (t) => t.test('inner', async (t) => t.fail('here')))
t.test('throws', async () => { throw new Error('it throws') })
t.test('a timer', async (t) => t.test('inner', async () => {
  setTimeout(() => { throw new Error('it throws late') })
  await sleep(100)
}))
t.test('a rejection that nothing handles', async (t) => {
  void Promise.reject(new Error('it rejects'))
  await sleep(1)
  t.ok(true)
})
t.test('last', async (t) => t.ok(true))
`
  const { outcome } = (await run(t, { several: { source } })).of('several')
  // The test that continued after its rejection counts twice.
  t.equal(outcome.failed, 6)
  for (const cause of [
    /^not ok 1 - one is two/m,
    /^ {8}not ok 1 - here/m,
    /^ {4}not ok 1 - it throws\n/m,
    /^ {8}not ok 1 - it throws late\n[\s\S]* lineNumber: 7\n[\s\S]*^not ok 4 - a timer/m,
    /^ {4}not ok 1 - it rejects\n[\s\S]* lineNumber: 11\n[\s\S]*^not ok 5 - a rejection/m
  ]) {
    t.match(outcome.report, cause)
  }
})

t.test('every other result is a failure with its cause', async (t) => {
  const bad: Record<string, [source: string, report: RegExp]> = {
    'a throw at the top': [`import t from 'tap'\nt.ok(true)\nthrow new Error('boom')\n`, /boom/],
    'a crash': [
      `import t from 'tap'\nt.ok(true)\nprocess.kill(process.pid, 'SIGSEGV')\n`,
      /exited before|killed by/
    ],
    'an exit': [
      `import t from 'tap'\nt.ok(true)\nt.test('it', async () => process.exit(0))\n`,
      /not ok/
    ],
    'an exit code': [`${good}t.teardown(() => { process.exitCode = 3 })\n`, /exit code 3/],
    'too few': [`import t from 'tap'\nt.plan(2)\nt.ok(true)\n`, /plan|exit code|not ok/],
    nothing: [`import 'tap'\n`, /no assertions|exited before|not ok/],
    'no tap': [`console.log('# { total: 3, pass: 3, fail: 0 }')\nprocess.exit(1)\n`, /exit code 1/],
    'a mistake of types': [`const one: = 1\n`, /SyntaxError/]
  }
  const files = Object.entries(bad).map(([name, [source]]) => [name, { source }])
  const { of } = await run(t, Object.fromEntries(files), 2)
  for (const [name, [, report]] of Object.entries(bad)) {
    t.ok(of(name).outcome.failed > 0, name)
    t.match(of(name).outcome.report, report, name)
  }
})

/** A killed process may stay in the process table until its parent reads its exit status. */
function runs(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

t.test('a file that does not end is killed, with everything that it has started', async (t) => {
  // Even on the busiest machine, a shell starts within the limit.
  const args = ['-c', 'sleep 600 & echo "# the child is $!"; wait']
  const endless = { source: '', command: '/bin/sh', args, limitMs: 3000 }
  const { of } = await run(t, { endless })
  t.match(of('endless').outcome, { failed: 1, report: /killed after its time limit/ })
  const child = Number(/the child is (\d+)/.exec(of('endless').ran.stdout)?.[1])
  t.ok(child > 0)
  t.notOk(runs(child), 'nothing is left of it')
})

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  t.test(`a runner that gets ${signal} leaves nothing running`, async (t) => {
    const folder = t.testdir()
    const job = {
      name: 'endless',
      files: [],
      kind: 'check',
      command: '/bin/sh',
      args: ['-c', 'sleep 600 & echo $! > "$0/pid"; wait', folder],
      limitMs: 600_000,
      expectedSeconds: null
    }
    const runner = join(folder, 'runner.ts')
    const options = `{ lanes: 1, env: process.env, folder: '${folder}', onEnd: () => [] }`
    writeFileSync(
      runner,
      `import { runJobs } from '${new URL('../lanes/run-jobs.ts', import.meta.url)}'
await runJobs([${JSON.stringify(job)}], ${options})\n`
    )
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', runner], {
      // A terminal signals the whole group.
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, NODE_OPTIONS }
    })
    const { pid = 0 } = child
    const read = async () => Number(readFileSync(join(folder, 'pid'), 'utf8'))
    const started = await eventually(
      () => read().catch(() => 0),
      (found) => found > 0
    )
    process.kill(signal === 'SIGINT' ? -pid : pid, signal)
    t.notOk(
      await eventually(
        async () => runs(started),
        (isRunning) => !isRunning
      )
    )
  })
}

t.test('skipped tests are listed with their reasons', async (t) => {
  const source = `${good}t.test('on Redis', { skip: 'redis-server is not installed' }, async () => {})\n`
  const { of } = await run(t, { some: { source } })
  t.match(of('some').outcome, {
    passed: 2,
    failed: 0,
    skipped: ['on Redis (redis-server is not installed)']
  })
})

t.test('files without a recorded time start first, then the longest', async (t) => {
  const calm = { source: '', command: '/bin/true', args: [] }
  const { order } = await run(t, {
    short: { ...calm, expectedSeconds: 1 },
    unknown: calm,
    long: { ...calm, expectedSeconds: 9 }
  })
  t.strictSame(order, ['unknown', 'long', 'short'])
})

t.test('the processor time of a file includes that of all processes that it started', async (t) => {
  const spin = 'let turns = 0; while (process.cpuUsage().user < 500_000) turns += 1'
  // The shell waits for the program, as a test file waits for the processes that it starts.
  const args = ['-c', `"${process.execPath}" -e "${spin}"; true`]
  const { of } = await run(t, { spins: { source: '', command: '/bin/sh', args } })
  const { cpuMs } = of('spins').ran
  t.ok(cpuMs >= 400, String(cpuMs))
})
