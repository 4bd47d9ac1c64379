import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { processEnvironment } from '@gatehouse/fixtures/program'
import { type LockEntry, lockFile } from './lock-file.ts'

/** A tarball of a published package. */
export type Tarball = { readonly name: string; readonly file: string; readonly integrity: string }

/**
 * The dependencies of an application that are not packages of this repository. They are linked from
 * here, because installing a hundred packages costs more than the rest of the test.
 */
const FRAMEWORKS = [
  '@hono/node-server',
  '@types/express',
  '@types/node',
  'express',
  'fastify',
  'hono'
]
const COMPILER = {
  target: 'es2022',
  module: 'nodenext',
  types: ['node'],
  rewriteRelativeImportExtensions: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  outDir: 'dist'
}

/** Runs a program until it ends. */
export function run(folder: string, program: string, ...words: string[]): string {
  const { CI: _, ...env } = process.env
  const made = spawnSync(program, words, { cwd: folder, encoding: 'utf8', env })
  if (made.status !== 0) throw new Error(`${program} ${words[0]}: ${made.stdout}${made.stderr}`)
  return made.stdout
}

/**
 * Installs tarballs as an application does, in a folder outside the repository, and compiles these
 * sources there.
 */
export function installApplication(
  folder: string,
  tarballs: readonly Tarball[],
  sources: readonly string[]
): void {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  const ours: Record<string, LockEntry> = {}
  const dependencies: Record<string, string> = {}
  for (const { name, file, integrity } of tarballs) {
    copyFileSync(file, join(folder, basename(file)))
    const resolved = `file:${basename(file)}`
    ours[name] = { ...manifestIn(file), resolved, integrity }
    dependencies[name] = resolved
  }
  const write = (name: string, content: object) =>
    writeFileSync(join(folder, name), JSON.stringify(content))
  write('package.json', { name: 'consumer', private: true, type: 'module', dependencies })
  write('package-lock.json', lockFile(packages, ours, dependencies))
  write('tsconfig.json', { compilerOptions: COMPILER, files: sources.map((one) => basename(one)) })
  for (const source of sources) copyFileSync(source, join(folder, basename(source)))
  run(folder, 'npm', 'ci', '--prefer-offline', '--ignore-scripts')
  for (const name of FRAMEWORKS) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(join(process.cwd(), 'node_modules', name), place)
  }
  const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
  run(folder, process.execPath, tsc, '-p', '.', '--singleThreaded')
}

/** The members of a tarball's `package.json` that a lock file repeats. */
function manifestIn(tarball: string): LockEntry {
  const text = run('.', 'tar', '-xzOf', tarball, 'package/package.json')
  const { version, license, dependencies, engines, bin, ...others } = JSON.parse(text)
  const { peerDependencies, peerDependenciesMeta } = others
  return { version, license, dependencies, engines, bin, peerDependencies, peerDependenciesMeta }
}

/** Starts a program of the application, and waits for the line that it writes. */
export async function startApplication(
  [program = '', ...args]: readonly string[],
  folder: string,
  words: readonly string[]
): Promise<{ readonly child: ChildProcess; readonly line: string }> {
  const child = spawn(program, [...args, ...words], {
    cwd: folder,
    env: processEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit']
  })
  for await (const line of createInterface({ input: child.stdout })) return { child, line }
  throw new Error(`${words[0]} ended before it listened`)
}
