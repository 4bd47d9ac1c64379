import { fileURLToPath } from 'node:url'
import t from 'tap'
import { shuffled } from '../plan/shuffled.ts'
import { testFiles } from '../plan/test-files.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const own = 'infra/suite/test/test-files.test.ts'

t.test('every test file of the checkout is found, and no dependency’s', async (t) => {
  const all = testFiles(root, [])
  t.ok(all.includes(own))
  t.ok(all.includes('gateway/test/journey.test.ts'))
  t.notOk(all.some((file) => file.includes('node_modules')))
})

t.test('a folder, a file or a part of a path names files', async (t) => {
  t.ok(testFiles(root, ['gateway']).every((file) => file.startsWith('gateway/')))
  t.ok(testFiles(root, ['auth']).every((file) => file.startsWith('services/auth/')))
  t.strictSame(testFiles(root, [own]), [own])
  t.strictSame(testFiles(root, [`./${own}`]), [own])
  t.strictSame(testFiles(root, [`${root}${own}`]), [own])
  t.strictSame(testFiles(root, ['suite/test/test-files']), [own])
  t.strictSame(testFiles(root, ['test-files']), [own], 'how its name begins')
  t.strictSame(testFiles(root, ['no-such-folder']), [])
  const both = testFiles(root, ['gateway', 'auth'])
  t.equal(both.length, testFiles(root, ['gateway']).length + testFiles(root, ['auth']).length)
})

t.test('a seed sets the order', async (t) => {
  const all = testFiles(root, ['gateway'])
  t.strictSame(shuffled(all, '1'), shuffled(all, '1'))
  t.strictNotSame(shuffled(all, '1'), shuffled(all, '2'))
  t.strictSame(shuffled(all, '1').sort(), all)
})
