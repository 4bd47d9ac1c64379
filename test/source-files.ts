import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** The top of the system. */
export const root = join(import.meta.dirname, '..')

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** A source file: its path from the top with forward slashes, and its text. */
export type SourceFile = { readonly path: string; readonly text: string }

const services = ['packages', 'services', 'gateway', 'infra']

/** Every source file of the system, without tests. */
export function sourceFiles(): SourceFile[] {
  return services
    .flatMap((service) =>
      readdirSync(join(root, service), { recursive: true, withFileTypes: true })
    )
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => !path.includes('/node_modules/') && !path.includes('/test/'))
    .map((path) => ({ path, text: read(path) }))
}

/** What a file imports, as it is written there. */
export function importsOf({ text }: SourceFile): string[] {
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, name]) => name ?? '')
}
