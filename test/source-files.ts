import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** The top of the system. */
export const root = join(import.meta.dirname, '..')

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** A source file: its path from the top with forward slashes, and its text. */
export type SourceFile = { readonly path: string; readonly text: string }

const services = ['internal', 'packages', 'services', 'gateway', 'infra']

let sources: readonly SourceFile[] | null = null

/** Every source file of the system, without tests. */
export function sourceFiles(): readonly SourceFile[] {
  sources ??= filesBelow(services, /(?<!\/test\/.*)\.ts$/)
  return sources
}

/** The files below these folders whose path matches, without those of dependencies. */
export function filesBelow(folders: readonly string[], wanted: RegExp): SourceFile[] {
  return folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => wanted.test(path) && !path.includes('/node_modules/'))
    .map((path) => ({ path, text: read(path) }))
}

/** What a file imports, as it is written there. */
export function importsOf({ text }: SourceFile): string[] {
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, name]) => name ?? '')
}

/** The imports of a forbidden module by files of this kind, as lines of text. */
export const offences = (within: (file: SourceFile) => boolean, forbidden: RegExp): string[] =>
  sourceFiles()
    .filter(within)
    .flatMap((file) => importsOf(file).map((name) => ({ path: file.path, name })))
    .filter(({ name }) => forbidden.test(name))
    .map(({ path, name }) => `${path} imports ${name}`)
