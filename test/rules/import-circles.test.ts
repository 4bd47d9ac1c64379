import t from 'tap'
import { filesBelow, importsOf } from './fixtures/source-files.ts'

const folders = ['internal', 'packages', 'services', 'gateway', 'infra', 'console', 'test']

/** The files that each file imports by a relative path, types included. */
const imported = new Map(
  filesBelow(folders, /\.tsx?$/).map((file) => [
    file.path,
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => new URL(name, `file:///${file.path}`).pathname.slice(1))
  ])
)

t.test('no file of the sources and of the tests imports itself through others', async (t) => {
  const left = new Map(imported)
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const [path, its] of left) {
      if (!its.some((one) => left.has(one))) left.delete(path)
    }
  }
  t.strictSame([...left.keys()], [])
})
