import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** The top of the system. */
export const root = join(import.meta.dirname, '..')

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** A source file: its path from the top with forward slashes, and its text. */
export type SourceFile = { readonly path: string; readonly text: string }

const services = ['internal', 'packages', 'services', 'gateway', 'infra']

/** Every source file of the system, without tests. */
export const sourceFiles = (): SourceFile[] => filesBelow(services, /(?<!\/test\/.*)\.ts$/)

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
