import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative } from 'node:path/posix'
import { packageOf, withImports } from './imports.ts'
import { isPublished, root, type Workspace } from './workspaces.ts'

/** The source files of a published package, and what it needs of other packages. */
type PackageSources = {
  /** by their path in the package, e.g. `internal/problem/refusal.ts`; they import each other so */
  readonly files: ReadonlyMap<string, string>
  /** the versions of the packages that the files import */
  readonly dependencies: ReadonlyMap<string, string>
}

/**
 * Collects the modules that a published package exports, and all modules of private workspaces that
 * they import: these become part of the package.
 */
export function packageSources(
  own: Workspace,
  workspaces: ReadonlyMap<string, Workspace>
): PackageSources {
  const files = new Map<string, string>()
  const dependencies = new Map<string, string>()

  const place = (path: string): string => {
    const home = homeOf(path, workspaces)
    const inside = path.slice(home.folder.length + 1).replace(/^src\//, '')
    return home === own ? inside : `internal/${home.folder.split('/').at(-1)}/${inside}`
  }
  /** What a module is called in the package; a module of a private workspace joins the package. */
  const rename = (path: string, name: string): string => {
    const target = sourceOf(path, name, workspaces, own)
    if (target === null) {
      if (!isBuiltin(name)) need(path, packageOf(name))
      return name
    }
    add(target)
    const way = relative(dirname(place(path)), place(target)).replace(/\.ts$/, '.js')
    return way.startsWith('.') ? way : `./${way}`
  }
  const need = (path: string, name: string): void => {
    const { manifest } = homeOf(path, workspaces)
    const { peerDependencies, dependencies: known } = manifest
    const version = peerDependencies?.[name] ?? known?.[name]
    if (version === undefined) throw new Error(`${path} imports ${name}, no dependency of it`)
    if ((dependencies.get(name) ?? version) !== version) {
      throw new Error(`${own.manifest.name} needs two versions of ${name}`)
    }
    dependencies.set(name, version)
  }
  const add = (path: string): void => {
    if (files.has(place(path))) return
    const source = readFileSync(join(root, path), 'utf8')
    // Known before its imports are read, because modules may import each other.
    files.set(place(path), source)
    files.set(
      place(path),
      withImports(source, (name) => rename(path, name))
    )
  }
  const { exports = {}, bin = {} } = own.manifest
  for (const module of [...Object.values(exports), ...Object.values(bin)]) {
    add(join(own.folder, module))
  }
  return { files, dependencies }
}

function homeOf(path: string, workspaces: ReadonlyMap<string, Workspace>): Workspace {
  const home = [...workspaces.values()].find(({ folder }) => path.startsWith(`${folder}/`))
  if (home === undefined) throw new Error(`${path} is in no workspace that can be published`)
  return home
}

/** The source file of a module that becomes part of the package; null for all other modules. */
function sourceOf(
  path: string,
  name: string,
  workspaces: ReadonlyMap<string, Workspace>,
  own: Workspace
): string | null {
  if (name.startsWith('.')) return join(dirname(path), name)
  const home = workspaces.get(packageOf(name))
  if (home === undefined || (isPublished(home) && home !== own)) return null
  const module = home.manifest.exports?.[name.replace(home.manifest.name, '.')]
  if (module === undefined) throw new Error(`${path} imports ${name}, which is not exported`)
  return join(home.folder, module)
}
