import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { importedNames } from './imports.ts'

/**
 * Deletes the declarations that no export of a package leads to: a program that uses the package
 * cannot name what they declare.
 * @param entries the declarations of the exports, from the top of `folder`
 */
export function keepNeededDeclarations(folder: string, entries: readonly string[]): void {
  const needed = new Set<string>()
  const need = (file: string): void => {
    if (needed.has(file)) return
    needed.add(file)
    for (const name of importedNames(readFileSync(file, 'utf8'))) {
      if (name.startsWith('.')) need(join(file, '..', name.replace(/\.js$/, '.d.ts')))
    }
  }
  for (const entry of entries) need(join(folder, entry))
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, path)
    if (file.endsWith('.d.ts') && !needed.has(file)) rmSync(file)
  }
}
