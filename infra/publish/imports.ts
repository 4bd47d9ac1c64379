/**
 * An import of another module, as it is written in a source file; types included, because
 * declarations name them too.
 */
const IMPORT = /(?<before>\bfrom\s*'|\bimport\(\s*'|^import\s+')(?<name>[^']+)(?<after>')/gm

/** The source file with other names for the modules that it imports. */
export const withImports = (source: string, rename: (name: string) => string): string =>
  source.replaceAll(IMPORT, (_all, before: string, name: string, after: string) =>
    [before, rename(name), after].join('')
  )

/** The names of the modules that a source file, or a declaration, imports. */
export const importedNames = (source: string): string[] =>
  [...source.matchAll(IMPORT)].map(({ groups }) => groups?.name ?? '')

/** The package of a module: `@scope/name/module` is in `@scope/name`. */
export function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}
