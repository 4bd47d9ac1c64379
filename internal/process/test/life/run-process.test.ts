import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { serviceIsUp } from '@gatehouse/process/start-message'
import t, { type Test } from 'tap'

const script = join(import.meta.dirname, 'fixtures/small-process.ts')

/** How a process ended, and everything that it printed. */
type End = { code: number | null; signal: string | null; said: string; complained: string }

/** Starts a process whose service begins in this way. `end` resolves when the process has ended. */
function serviceProcess(t: Test, beginning: string): { child: ChildProcess; end: Promise<End> } {
  const child = fork(script, [beginning], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('the process has no output')
  const all = Promise.all([once(child, 'exit'), text(stdout), text(stderr)])
  const end = all.then(([[code, signal], said, complained]) => ({ code, signal, said, complained }))
  return { child, end }
}

const clean = { code: 0, signal: null, said: 'draining\nclosing\nclosed\n', complained: '' }

t.test('a process tells its parent the address of its service', async (t) => {
  const { child } = serviceProcess(t, 'is up')
  const [{ ready }] = await once(child, 'message')
  t.strictSame(Object.keys(ready), ['url', 'opsUrl', 'endsWithinMs'])
  t.equal(await (await fetch(ready.url)).text(), 'here', 'it listens there by then')
})

const requested = /Mark-Compact.* low memory notification/

t.test('a started process makes V8 release the memory that only the start needed', async (t) => {
  const child = fork(script, ['is up'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // V8 writes a line for each collection, with its reason. It has this one on request only.
    execArgv: ['--trace-gc']
  })
  t.teardown(() => child.kill('SIGKILL'))
  let written = ''
  for await (const chunk of child.stdout ?? []) {
    written += chunk
    if (requested.test(written)) break
  }
  t.match(written, requested)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`on ${signal} a process drains its service, closes it and exits 0`, async (t) => {
    const { child, end } = serviceProcess(t, 'is up')
    await once(child, 'message')
    child.kill(signal)
    t.strictSame(await end, clean)
  })
}

t.test('a second signal ends a process that drains at once', async (t) => {
  const { child, end } = serviceProcess(t, 'drains forever')
  await once(child, 'message')
  child.kill('SIGTERM')
  if (child.stdout !== null) await once(child.stdout, 'data')
  child.kill('SIGINT')
  t.match(await end, { code: 1, said: 'draining\n', complained: 'second SIGINT, exiting\n' })
})

t.test('a process that cannot close in time says so without a stack', async (t) => {
  const { child, end } = serviceProcess(t, 'closes forever')
  await once(child, 'message')
  child.kill('SIGTERM')
  const complained = 'Not closed within 0.05 s of the signal\n'
  t.match(await end, { code: 1, complained })
})

t.test('a signal during the start takes effect once the service can be closed', async (t) => {
  const { child, end } = serviceProcess(t, 'is up only after a signal has come')
  await once(child, 'message')
  child.kill('SIGTERM')
  t.strictSame(await end, clean)
})

t.test('a process ends when its parent has ended', async (t) => {
  const { child, end } = serviceProcess(t, 'is up')
  await once(child, 'message')
  child.disconnect()
  t.strictSame(await end, clean)
})

t.test('a process ends when its parent ends during the start', async (t) => {
  const { child, end } = serviceProcess(t, 'is up only after its parent has gone')
  await once(child, 'message')
  child.disconnect()
  t.strictSame(await end, clean)
})

t.test('requests in flight are completed even if the parent ends meanwhile', async (t) => {
  const { child, end } = serviceProcess(t, 'ends what is under way after its parent has gone')
  await once(child, 'message')
  child.kill('SIGTERM')
  await once(child, 'message')
  child.disconnect()
  t.strictSame(await end, clean)
})

t.test('a fault of the settings is reported in plain words, with exit code 1', async (t) => {
  t.strictSame(await serviceProcess(t, 'has faulty settings').end, {
    code: 1,
    signal: null,
    said: '',
    complained: 'Invalid settings:\n  - ROOM_PORT must be integer\n'
  })
})

t.test('a port in use is reported in plain words', async (t) => {
  const { child, end } = serviceProcess(t, 'finds its port taken')
  await t.rejects(serviceIsUp('service', child), { code: 'EADDRINUSE' }, 'and to its parent')
  const { code, complained } = await end
  t.equal(code, 1)
  t.match(complained, /^Cannot start: listen EADDRINUSE: .* 127\.0\.0\.1:\d+\n$/)
})

t.test('a fault that the operator can fix is reported in plain words', async (t) => {
  const { child, end } = serviceProcess(t, 'misses what it needs')
  const fault = { name: 'StartFault', message: 'service did not start (exit code 1)' }
  await t.rejects(serviceIsUp('service', child), fault, 'its parent adds no stack to it')
  const { code, complained } = await end
  t.equal(code, 1)
  t.equal(complained, 'Cannot start: the database did not answer\n')
})

t.test('a store that stops answering during the start is reported without a stack', async (t) => {
  const { code, complained } = await serviceProcess(t, 'loses a store').end
  t.equal(code, 1)
  t.equal(
    complained,
    'Cannot start: the database did not answer in time (timeout exceeded when trying to connect)\n'
  )
})

t.test('a bug that prevents the start is reported with its stack', async (t) => {
  const { code, complained } = await serviceProcess(t, 'has a bug').end
  t.equal(code, 1)
  t.match(complained, /^TypeError: service is not a function\n {4}at .*small-process\.ts/)
})

t.test('a bug in a running service closes it, and the exit code is 1', async (t) => {
  const { child, end } = serviceProcess(t, 'fails by itself later')
  await once(child, 'message')
  child.send('now')
  const { code, said, complained } = await end
  t.equal(code, 1)
  t.equal(said, 'closing\nclosed\n', 'it does not drain: it serves nothing new')
  t.match(complained, /^Error: a bug in the service\n {4}at /)
})

t.test('a process continues when the readers of its output have exited', async (t) => {
  const child = fork(script, ['logs what it is told'], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const exit = once(child, 'exit')
  await once(child, 'message')
  child.stdout?.destroy()
  child.stderr?.destroy()
  for (let line = 0; line < 3; line += 1) {
    child.send('tell')
    const [what] = await Promise.race([once(child, 'message'), exit])
    t.equal(what, 'logged')
  }
  child.kill('SIGTERM')
  t.strictSame(await exit, [0, null])
})

t.test('a service that cannot be closed does not exit with 0', async (t) => {
  const { child, end } = serviceProcess(t, 'cannot be closed')
  await once(child, 'message')
  child.kill('SIGTERM')
  const { code, complained } = await end
  t.equal(code, 1)
  t.match(complained, 'Error: stuck')
})
