import type { Manifest } from './workspaces.ts'

type Published = {
  /** its path from the top of the repository */
  readonly folder: string
  readonly manifest: Manifest
  /** the version of the whole system: all packages of a release have the same */
  readonly version: string
  /** what its modules import */
  readonly dependencies: ReadonlyMap<string, string>
  readonly repository: string | null
}

/** The `package.json` of a package as it is published: its exports are compiled modules. */
export function publishedManifest({
  folder,
  manifest,
  version,
  dependencies,
  repository
}: Published) {
  const { name, description, keywords, license, engines, sideEffects = false } = manifest
  const { exports = {}, bin, peerDependencies, peerDependenciesMeta } = manifest
  return {
    name,
    version,
    description,
    keywords,
    license,
    ...(repository === null ? {} : places(repository, folder)),
    type: 'module',
    sideEffects,
    engines,
    files: ['dist'],
    exports: Object.fromEntries(
      Object.entries(exports).map(([path, module]) => [path, compiledExport(module)])
    ),
    bin:
      bin &&
      Object.fromEntries(Object.entries(bin).map(([word, module]) => [word, compiled(module)])),
    dependencies: ranges(dependencies, (one) => peerDependencies?.[one] === undefined, version),
    peerDependencies,
    peerDependenciesMeta,
    publishConfig: { access: 'public', provenance: true }
  }
}

/** npm accepts a provenance statement only from the repository that the package names. */
const places = (repository: string, folder: string) => ({
  homepage: `${repository}/tree/main/${folder}#readme`,
  bugs: `${repository}/issues`,
  repository: { type: 'git', url: `git+${repository}.git`, directory: folder }
})

const compiled = (module: string): string =>
  module.replace(/^\.\/(?:src\/)?/, './dist/').replace(/\.ts$/, '.js')

const compiledExport = (module: string) => ({
  types: compiled(module).replace(/\.js$/, '.d.ts'),
  default: compiled(module)
})

/**
 * The repository pins each version. A published package accepts later compatible versions, so that
 * an application can have one copy of each.
 */
function ranges(
  dependencies: ReadonlyMap<string, string>,
  isOwn: (name: string) => boolean,
  version: string
): Record<string, string> {
  return Object.fromEntries(
    [...dependencies]
      .filter(([name]) => isOwn(name))
      .map(([name, pinned]) => [name, name.startsWith('@gatehouse/') ? version : `^${pinned}`])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
  )
}
