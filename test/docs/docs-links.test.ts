import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { commands } from '@gatehouse/ops/testing/commands'
import t from 'tap'
import { read, root } from '../rules/fixtures/source-files.ts'
import { pages, topPages } from './fixtures/document-pages.ts'

t.test('the README names only commands that exist', async (t) => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
  const named = [...read('README.md').matchAll(/`?npm (?:run )?(?:-s )?([a-z]+)[` ]/g)]
    .map(([, name]) => name ?? '')
    .filter((name) => name !== 'install')
  t.ok(named.length > 1, 'it names some')
  for (const name of named) t.ok(scripts.includes(name), `npm ${name}`)
})

/** The anchors of a page, as GitHub derives them from its headings. */
const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
  )

/** The links of a page within the repository, relative to its root, with the anchor. */
const linksOf = (page: string): { target: string; anchor: string | undefined }[] =>
  [...read(page).matchAll(/(?:\]\(|src(?:set)?=")(?!https?:)([^)"#]*)(?:#([^)"]*))?[)"]/g)].map(
    ([, path = '', anchor]) => ({ target: path === '' ? page : join(dirname(page), path), anchor })
  )

t.test('every link of the documents leads to a file and a heading', async (t) => {
  for (const page of [...topPages, ...pages]) {
    const dead = linksOf(page).filter(({ target, anchor }) => {
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && !anchorsOf(target).includes(anchor)
    })
    t.strictSame(dead, [], page)
  }
})

t.test('docs/README.md links every page exactly once', async (t) => {
  const index = join('docs', 'README.md')
  const expected = [...topPages, ...pages].filter((page) => page !== index && page !== 'README.md')
  const linked = linksOf(index).map(({ target }) => relative('', target))
  t.strictSame(linked.sort(), expected.sort())
})

t.test('the documents name only operator’s commands that exist', async (t) => {
  const typed = [...topPages, ...pages].flatMap((document) => [
    ...read(document).matchAll(/npm run (?:-s )?ops -- ([a-z]+(?: [a-z][a-z-]*)?)/g)
  ])
  t.ok(typed.length > 3, 'they name some')
  for (const [, words = ''] of typed) {
    t.ok(
      commands.some(({ name }) => words === name || words.startsWith(`${name} `)),
      words
    )
  }
})
