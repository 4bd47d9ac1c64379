import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** A program that runs JavaScript. */
export type Runtime = {
  readonly name: string
  /** how it begins the paths of its routes */
  readonly prefix: string
  /** as a service tells it */
  readonly version: RegExp
  /** the program and its first arguments; null if it is not installed */
  readonly command: readonly string[] | null
}

const INSTALLED = join(process.cwd(), 'test/runtimes/node_modules')

/** What `.ci/run` installs for this machine; null if it is not installed. */
function installed(folder: string, path: string): string | null {
  const program = join(INSTALLED, `${folder}-${process.platform}-${process.arch}`, path)
  return existsSync(program) ? program : null
}

const nodeOf = (major: number): string | null =>
  process.versions.node.startsWith(`${major}.`)
    ? process.execPath
    : installed(`node-${major}`, 'bin/node')

const node = (major: number): Runtime => {
  const program = nodeOf(major)
  return {
    name: `Node.js ${major}`,
    prefix: `node${major}`,
    version: new RegExp(`^node ${major}\\.`),
    command: program === null ? null : [program]
  }
}

const [bun, deno] = [installed('bun', 'bin/bun'), installed('deno', 'deno')]

/** The runtimes on which the published packages are used, the oldest Node.js first. */
export const runtimes: readonly Runtime[] = [
  ...[20, 22, 24].map(node),
  { name: 'Bun', prefix: 'bun', version: /^bun 1\./, command: bun === null ? null : [bun] },
  {
    name: 'Deno',
    prefix: 'deno',
    version: /^deno 2\./,
    // It asks for each permission that it was not given.
    command: deno === null ? null : [deno, 'run', '--allow-all', '--no-prompt']
  }
]
