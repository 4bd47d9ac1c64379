import { globSync } from 'node:fs'
import { sep } from 'node:path'

/**
 * The test files below a folder, as paths from there with forward slashes.
 * @param wanted folders, files or parts of their paths; all files where there are none
 */
export function testFiles(root: string, wanted: readonly string[]): string[] {
  const all = globSync('**/test/**/*.test.ts', {
    cwd: root,
    exclude: (name) => name.split(sep).at(-1) === 'node_modules'
  })
  const paths = all.map((path) => path.replaceAll(sep, '/')).sort()
  if (wanted.length === 0) return paths
  const parts = wanted.map((part) => part.replace(/^\.\//, ''))
  return paths.filter((path) => parts.some((part) => isWanted(path, part)))
}

/** A word names a folder, or how a file's name begins; anything else is a part of the path. */
function isWanted(path: string, part: string): boolean {
  if (/[/.]/.test(part)) return path.includes(part)
  const names = path.split('/')
  return names.includes(part) || (names.at(-1)?.startsWith(part) ?? false)
}
