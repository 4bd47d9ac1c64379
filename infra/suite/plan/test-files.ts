import { globSync } from 'node:fs'
import { isAbsolute, relative, sep } from 'node:path'

/**
 * The test files below a folder, as paths from there with forward slashes.
 * @param wanted folders, files or parts of their paths; if empty, all files
 */
export function testFiles(root: string, wanted: readonly string[]): string[] {
  const all = globSync('**/test/**/*.test.ts', {
    cwd: root,
    exclude: (name) => name.split(sep).at(-1) === 'node_modules'
  })
  const paths = all.map((path) => path.replaceAll(sep, '/')).sort()
  if (wanted.length === 0) return paths
  const parts = wanted.map((part) => fromRoot(root, part))
  const matches = parts.map((part) => matchOf(paths, part))
  return paths.filter((path) => matches.some((isWanted) => isWanted(path)))
}

/**
 * A word with `/` or `.` matches a part of the path. Another word matches a folder's name, or else
 * the start of a file's name.
 */
function matchOf(paths: readonly string[], part: string): (path: string) => boolean {
  if (/[/.]/.test(part)) return (path) => path.includes(part)
  const isInFolder = (path: string) => path.split('/').slice(0, -1).includes(part)
  if (paths.some(isInFolder)) return isInFolder
  return (path) => path.split('/').at(-1)?.startsWith(part) ?? false
}

/** A shell completes to an absolute path, or to one that begins with `../`. */
function fromRoot(root: string, part: string): string {
  const path = isAbsolute(part) ? relative(root, part) : part
  return path.replaceAll(sep, '/').replace(/^\.\//, '')
}
