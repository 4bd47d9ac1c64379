import t from 'tap'
import { read, sourceFiles } from './fixtures/source-files.ts'

const PAGE = 'docs/decisions/0089-replaced-methods-of-libraries-are-listed.md'

/**
 * Patterns that find where a method or a member of an object of Node.js, or of a library, is
 * replaced.
 */
const replacements = [
  /\.(?:_write|_writev|closeIdleConnections|destroy|destroySoon|disconnect|emit|executeQuery|onconnection|push|read|write) = /,
  /\b(?:accepted|server|session|socket|stream)\.(?:close|end) = /,
  /Reflect\.set\(|\.removeAllListeners\(/,
  /Object\.assign\((?:raw|this), \{/,
  /\bgetForPromString\b/
]

t.test('decision 89 lists each file that replaces a method of a library', async (t) => {
  const replacing = sourceFiles()
    .filter(({ text }) => replacements.some((one) => one.test(text)))
    .map(({ path }) => path)
  const rows = [...read(PAGE).matchAll(/^\| \[[^\]]*\]\(\.\.\/\.\.\/(\S+)\)/gm)]
  t.strictSame(rows.map(([, path]) => path).sort(), replacing.sort())
})
