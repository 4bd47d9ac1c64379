import { stripTypeScriptTypes } from 'node:module'
import { type Node, parse } from 'acorn'
import { checkSync } from 'recheck'
import t from 'tap'
import { sourceFiles } from './fixtures/source-files.ts'

type Pattern = { readonly path: string; readonly source: string; readonly flags: string }

/** Every regular expression in the sources of programs that listen. */
function patternsIn(path: string, text: string): { literals: Pattern[]; made: number } {
  const literals: Pattern[] = []
  let made = 0
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return
    const { regex, type, callee } = node as {
      regex?: { pattern: string; flags: string }
      type?: string
      callee?: { name?: string }
    }
    if (regex !== undefined) literals.push({ path, source: regex.pattern, flags: regex.flags })
    if (type === 'NewExpression' && callee?.name === 'RegExp') made += 1
    for (const child of Object.values(node as Record<string, Node>)) {
      if (Array.isArray(child)) child.forEach(visit)
      else visit(child)
    }
  }
  const plain = stripTypeScriptTypes(text)
  visit(parse(plain, { ecmaVersion: 'latest', sourceType: 'module' }))
  return { literals, made }
}

/** For a busy machine: with its default, recheck gives up after 10 s and says `unknown`. */
const patient = { timeout: 120_000 }

const listening = sourceFiles().filter(({ path }) =>
  /^(gateway|internal|packages|services)\//.test(path)
)

/** Patterns that are assembled at run time. Their parts are checked where they are written. */
const madeElsewhere: Record<string, number> = {
  // alternatives of fixed length
  'gateway/src/paths/canonical-path.ts': 1,
  // of the routes' own addresses: each part of a path up to the next slash
  'internal/http-service/src/errors/known-methods.ts': 1,
  // a certificate of the operator: one class of characters between two texts
  'internal/settings/src/pem/certificates-in.ts': 1,
  // one class of characters, repeated
  'services/auth/src/accounts/email-addresses/look-alikes.ts': 1
}

t.test('every regular expression takes linear time', async (t) => {
  let seen = 0
  for (const { path, text } of listening) {
    const { literals, made } = patternsIn(path, text)
    t.equal(
      made,
      madeElsewhere[path] ?? 0,
      `${path} makes no expression that is not looked at here`
    )
    for (const { source, flags } of literals) {
      seen += 1
      const verdict = checkSync(source, flags, patient)
      t.equal(verdict.status, 'safe', `${path}: /${source}/${flags}`)
    }
  }
  t.ok(seen > 40, `${seen} expressions`)
})

t.test('earlier expressions that were not linear are found', async (t) => {
  for (const source of ['^[ \\t]+|[ \\t]+$', '[. ]+$', '(?:^|\\/)[. ]*\\.[. ]*(?:\\/|$)']) {
    t.equal(checkSync(source, 'g', patient).status, 'vulnerable', source)
  }
  t.equal(checkSync('\\bVersion\\/[\\d.]+ .*\\bSafari\\/', '', patient).status, 'vulnerable')
})
