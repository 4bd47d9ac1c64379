import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { authority } from '@gatehouse/fixtures/certificates'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { inputs, seedOfThisRun } from '@gatehouse/fixtures/generated'
import { goMissing, goProgram } from '@gatehouse/fixtures/go-program'
import t, { type Test } from 'tap'
import { edge } from '../fixtures/edge.ts'
import { toHttpTwo } from './fixtures/http-two-service.ts'

const EXCHANGES = inputs(1200)
const SOURCE = fileURLToPath(new URL('fixtures/go-peers', import.meta.url))

function started(t: Test, program: string, words: readonly string[]) {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

// Node.js on both sides writes larger frames, and would hide what is lost between small ones.
t.test(
  'a client and a service in Go exchange every byte and trailer over HTTP/2 with TLS',
  { skip: goMissing },
  async (t) => {
    const { file, issue } = await authority(t)
    const files = await issue('localhost', ['127.0.0.1'])
    const program = goProgram(SOURCE, dataFolder(t))
    const service = started(t, program, ['serve', files.cert, files.key])
    const [address] = await once(service.stdout, 'data')
    const gateway = await edge(t, {
      https: { cert: readFileSync(files.cert), key: readFileSync(files.key) },
      ...toHttpTwo(String(address).trim(), `, tls: { caFile: ${file} }`)
    })
    const url = `https://127.0.0.1:${gateway.port}/two`
    const seed = seedOfThisRun()
    const client = started(t, program, ['ask', file, url, String(seed), String(EXCHANGES)])
    t.strictSame(JSON.parse(await text(client.stdout)), [], `seed ${seed}`)
  }
)
