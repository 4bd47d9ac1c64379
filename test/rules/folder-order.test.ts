import t from 'tap'
import { folderOrder } from './fixtures/folder-order.ts'
import { importsOf, sourceFiles } from './fixtures/source-files.ts'

const files = sourceFiles()

/** Its columns have types that other folders define. */
const tables = 'services/auth/src/database/tables.ts'

/** They connect the folders of the auth service, so no folder imports them. */
const assembly = /^(main|start|open-state|listeners|app)\.ts$/

for (const [source, order] of Object.entries(folderOrder)) {
  t.test(`the folders of ${source} import each other in one direction`, async (t) => {
    const partOf = (path: string) => path.slice(source.length).split('/')[0] ?? ''
    const listsFiles = order.some((part) => part.endsWith('.ts'))
    const ordered = files.filter(
      ({ path }) =>
        path.startsWith(source) &&
        path !== tables &&
        (listsFiles || path.slice(source.length).includes('/'))
    )
    t.strictSame([...new Set(ordered.map(({ path }) => partOf(path)))].sort(), order.toSorted())
    const backward = ordered.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => new URL(name, `file:///${file.path}`).pathname.slice(1))
        .filter((path) => path.startsWith(source))
        .map(partOf)
        .filter((part) =>
          order.includes(part)
            ? order.indexOf(part) < order.indexOf(partOf(file.path))
            : assembly.test(part)
        )
        .map((part) => `${file.path} imports ${part}`)
    )
    t.strictSame(backward, [])
  })
}

/** The files that each file imports by a relative path, types included. */
const imported = new Map(
  files.map((file) => [
    file.path,
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => new URL(name, `file:///${file.path}`).pathname.slice(1))
  ])
)

t.test(
  'no top-level file of the auth service is imported by a folder that comes after one of its imports',
  async (t) => {
    const source = 'services/auth/src/'
    const order = folderOrder[source] ?? []
    const places = (paths: readonly string[]) =>
      paths
        .filter((path) => path.startsWith(source))
        .map((path) => order.indexOf(path.slice(source.length).split('/')[0] ?? ''))
        .filter((place) => place >= 0)
    const beside = [...imported].filter(
      ([path]) => path.startsWith(source) && !path.slice(source.length).includes('/')
    )
    t.ok(beside.length > 5, `${beside.length} files`)
    const between = beside.filter(([path, its]) => {
      const importers = [...imported].filter(([, of]) => of.includes(path)).map(([other]) => other)
      return Math.max(...places(importers)) >= Math.min(...places(its))
    })
    t.strictSame(
      between.map(([path]) => path),
      []
    )
  }
)
