import t from 'tap'
import { importsOf, sourceFiles } from './fixtures/source-files.ts'

/** The files that each file imports by a relative path, types included. */
const imported = new Map(
  sourceFiles().map((file) => [
    file.path,
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => new URL(name, `file:///${file.path}`).pathname.slice(1))
  ])
)

t.test('no source file imports itself through others', async (t) => {
  const left = new Map(imported)
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const [path, its] of left) {
      if (!its.some((one) => left.has(one))) left.delete(path)
    }
  }
  t.strictSame([...left.keys()], [])
})
