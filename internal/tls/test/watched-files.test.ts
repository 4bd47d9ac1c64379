import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t, { type Test } from 'tap'
import { stateOf, watchFiles } from '../src/listeners/watched-files.ts'

// The timer of a watch keeps no process running.
const running = setInterval(() => {}, 60_000)
t.teardown(() => clearInterval(running))

/** A watch of files, and what it tells of their changes since `read`. */
function watching(t: Test, files: readonly string[], read = stateOf(files)) {
  let count = 0
  let heard = () => {}
  const told = () => new Promise<void>((resolve) => (heard = resolve))
  const tell = () => {
    count += 1
    heard()
  }
  const watch = watchFiles(files, read, { tell, intervalMs: 5 })
  t.teardown(watch.close)
  return { told, watch, count: () => count }
}

function twoFiles(t: Test) {
  const folder = dataFolder(t)
  const files = [join(folder, 'tls.crt'), join(folder, 'tls.key')] as const
  for (const file of files) writeFileSync(file, 'old')
  return { folder, files }
}

t.test('a change between the first reading and the watch is reported', async (t) => {
  const { folder, files } = twoFiles(t)
  const read = stateOf(files)
  writeFileSync(join(folder, 'new'), 'new')
  renameSync(join(folder, 'new'), files[1])
  const { told, count } = watching(t, files, read)
  await told()
  t.equal(count(), 1)
})

t.test(
  'files that are removed and written again, and links that lead elsewhere, are reported',
  async (t) => {
    const { folder, files } = twoFiles(t)
    const { told, count } = watching(t, files)
    rmSync(files[0])
    await told()
    writeFileSync(files[0], 'new')
    await told()
    writeFileSync(join(folder, 'elsewhere'), 'new')
    rmSync(files[1])
    symlinkSync(join(folder, 'elsewhere'), files[1])
    await told()
    t.ok(count() >= 3, 'each change')
  }
)

t.test('a watch reports nothing while nothing changes, or after its end', async (t) => {
  const { files } = twoFiles(t)
  const [one, closed] = [watching(t, files), watching(t, files)]
  closed.watch.close()
  const other = twoFiles(t)
  const { told } = watching(t, other.files)
  rmSync(other.files[0])
  await told()
  t.equal(one.count(), 0)
  rmSync(files[0])
  await one.told()
  t.equal(closed.count(), 0)
})
