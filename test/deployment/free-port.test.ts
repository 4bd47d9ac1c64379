import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort, portBlock } from '@gatehouse/start/free-port'
import t from 'tap'

t.test('each call returns a different port, below those that systems use themselves', async (t) => {
  const ports = await Promise.all(Array.from({ length: 100 }, () => freePort()))
  t.equal(new Set(ports).size, 100, 'of two blocks')
  t.ok(ports.every((port) => port >= 12_000 && port < 32_768))
})

t.test(
  'no process takes a port from the block of another',
  { skip: process.platform !== 'linux' && 'only Linux has abstract sockets' },
  async (t) => {
    const source = `
      const { portBlock } = await import(${JSON.stringify(import.meta.resolve('@gatehouse/start/free-port'))})
      const { next } = await portBlock()
      console.log(next)
      process.stdin.resume()
    `
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    t.teardown(() => child.kill())
    const [line] = await once(child.stdout, 'data')
    const first = Number(line)
    const index = (first - 12_000) / 64
    let looks = 0
    const pick = () => {
      looks += 1
      return looks <= 2 ? index : index === 0 ? 1 : index - 1
    }
    t.not((await portBlock(pick)).next, first)
    t.ok(looks > 2, 'it has looked for another one')
    child.kill()
    await once(child, 'exit')
    t.equal((await portBlock(() => index)).next, first, 'the block is free after its process')
  }
)
