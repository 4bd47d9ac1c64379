import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { documentedShell } from '@gatehouse/fixtures/documented-shell'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'
import { read, root } from '../rules/fixtures/source-files.ts'
import { blocksOf } from './fixtures/documented-blocks.ts'

/**
 * Replaces what differs between two runs. Equal ids stay equal: the first one becomes UUID 1, and
 * so on.
 */
function withoutChance(output: string): string {
  const ids = new Map<string, string>()
  return output
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
      const name = ids.get(id) ?? `UUID ${ids.size + 1}`
      ids.set(id, name)
      return name
    })
    .replace(/"eyJ[^"]*"/g, '"JWT"')
    .replace(/("x-auth-session":)"[\w-]{22}"/g, '$1"SESSION"')
    .replace(/("x-auth-expires":)"\d{10}"/g, '$1"TIME"')
}

/**
 * Constructs that work in bash but not in an interactive zsh, the shell of macOS: there, a comment
 * is an argument, `status` is read-only, and the value of a variable is one word.
 */
const onlyInBash = /^\s*#|\s# |^\s*status=|\bfor \w+ in \$\w/

t.test('the commands of every page can be pasted into zsh', async (t) => {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`)
  let blocks = 0
  for (const page of ['README.md', ...pages, ...packages]) {
    for (const [, code = ''] of read(page).matchAll(/^ *```sh.*\n([\s\S]*?)^ *```/gm)) {
      blocks += 1
      const lines = code.split('\n').filter((line) => onlyInBash.test(line))
      t.strictSame(lines, [], page)
    }
  }
  t.ok(blocks > 50, `${blocks} blocks`)
})

t.test('the commands of the pages for newcomers work when they are pasted', async (t) => {
  const folder = dataFolder(t)
  const { url } = await wholeSystem(t, { GATEHOUSE_DATA_DIR: folder })
  const shell = await documentedShell(t, folder)
  const paste = (script: string): Promise<string> =>
    shell(script.replace('http://localhost:3000', url))

  t.test('the README starts and tests the system with two commands', async (t) => {
    const [start, , test] = blocksOf('README.md', 'sh')
    t.equal(start, 'npm install && npm start\n')
    t.equal(test, 'npm install && npm test\n')
  })

  t.test('the requests of the README get the responses that it shows', async (t) => {
    const script = blocksOf('README.md', 'sh').find((block) => block.includes('API=')) ?? 'exit 3'
    const [shown = ''] = blocksOf('README.md', 'text')
    t.match(shown, '"code":"SESSION_ENDED"', 'it shows that a logout takes effect')
    t.equal(withoutChance(await paste(script)).trim(), withoutChance(shown).trim())
  })

  t.test('the tutorial does what it says', async (t) => {
    const script = blocksOf('docs/tutorial.md', 'sh').join('\n')
    t.match(script, 'API=http://localhost:3000', 'it goes through the gateway')
    const output = await paste(script)

    const statuses = [...output.matchAll(/^→ (\d{3})$/gm)].map(([, status]) => Number(status))
    t.strictSame(
      statuses,
      [201, 401, 401, 200, 201, 200, 204, 401, 200],
      'register, wrong password, no token, echo, order, me, logout, refused, a machine’s orders'
    )
    t.match(output, '"x-auth-subject":', 'the service saw who is calling')
    t.notMatch(output, 'somebody-else', 'and no header that the client made up')
    t.match(output, /root@example\.com +admin/, 'the operator has created an admin')
    t.match(output, /login-failed/, 'and reads of the wrong password')
    t.match(output, 'the same successor', 'a racing refresh got what the first one got')
  })
})
