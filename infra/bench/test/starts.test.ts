import { readFile } from 'node:fs/promises'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { issuer } from '../edge/contenders/tokens.ts'
import { imagePrograms, measuredStart, starters } from '../starts/starts.ts'

t.test(
  'the program of each image starts, in a measured time and memory',
  { skip: redisMissing },
  async (t) => {
    const { url } = await redisServer(t)
    const issuing = await issuer()
    t.teardown(issuing.close)
    const images = await imagePrograms()
    for (const [name, { file }] of Object.entries(images)) {
      const text = await readFile(file)
      const beyondAscii = text.findIndex((byte) => byte > 127)
      t.equal(beyondAscii, -1, `${file} is ASCII: V8 keeps its text with one byte per character`)
      const ofUndici = /Symbol\.for\("undici\.error\.UND_ERR_BODY_TIMEOUT"\)/g
      const copies = text.toString('latin1').match(ofUndici) ?? []
      t.equal(copies.length, name === 'gateway' ? 1 : 0, `${file}: copies of undici`)
    }
    const all = starters(dataFolder(t), url, issuing, images)
    for (const [name, starter] of Object.entries(all)) {
      const { seconds, processorSeconds, memory } = await measuredStart(starter, 0)
      t.ok(seconds > 0, name)
      t.ok(processorSeconds > 0.05 && processorSeconds < 60, `${processorSeconds} s`)
      t.ok(memory > 20, `${memory} MiB`)
    }
  }
)
