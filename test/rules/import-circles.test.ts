import { dirname } from 'node:path/posix'
import t from 'tap'
import { filesBelow, importsOf, type SourceFile, sourceFiles } from './fixtures/source-files.ts'

const folders = ['internal', 'packages', 'services', 'gateway', 'infra', 'console', 'test']

/** What imports what. */
type Imports = ReadonlyMap<string, readonly string[]>

/** The files that each file imports by a relative path, types included. */
const importsBetween = (files: readonly SourceFile[]): Imports =>
  new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => new URL(name, `file:///${file.path}`).pathname.slice(1))
    ])
  )

/** Those that import themselves through others, and those that import them. */
function inCircles(imports: Imports): string[] {
  const left = new Map(imports)
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const [path, its] of left) {
      if (!its.some((one) => left.has(one))) left.delete(path)
    }
  }
  return [...left.keys()]
}

t.test('no file of the sources and of the tests imports itself through others', async (t) => {
  t.strictSame(inCircles(importsBetween(filesBelow(folders, /\.tsx?$/))), [])
})

/** Its columns have types that other folders define. */
const tables = 'services/auth/src/database/tables.ts'

const sources = importsBetween(sourceFiles().filter(({ path }) => path !== tables))

/** What tests share. A test itself is imported by no file. */
const fixtures = importsBetween(filesBelow(folders, /(?:^|\/)fixtures\/.*\.ts$/))

/** The folders that contain a file, from the nearest one. */
function foldersAbove(path: string): string[] {
  const folder = dirname(path)
  return folder === '.' ? [] : [folder, ...foldersAbove(folder)]
}

/** The imports between the files and folders that are directly in a folder. */
function importsWithin(folder: string, imports: Imports): Imports {
  const partOf = (path: string) => path.slice(folder.length + 1).split('/')[0] ?? ''
  const parts = new Map<string, string[]>()
  for (const [path, its] of imports) {
    if (!path.startsWith(`${folder}/`)) continue
    const part = partOf(path)
    const others = its.filter((one) => one.startsWith(`${folder}/`)).map(partOf)
    parts.set(part, [...(parts.get(part) ?? []), ...others.filter((one) => one !== part)])
  }
  return parts
}

const kinds = [
  { name: 'the sources', imports: sources, fewest: 150 },
  { name: 'the fixtures of tests', imports: fixtures, fewest: 50 }
]

for (const { name, imports, fewest } of kinds) {
  t.test(`no part of a folder of ${name} depends on itself through others`, async (t) => {
    const all = new Set([...imports.keys()].flatMap(foldersAbove))
    t.ok(all.size > fewest, `${all.size} folders`)
    t.strictSame(
      [...all]
        .map((folder) => [folder, inCircles(importsWithin(folder, imports))])
        .filter(([, of]) => of?.length),
      []
    )
  })
}
