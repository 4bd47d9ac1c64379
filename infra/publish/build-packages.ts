import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { keepNeededDeclarations } from './needed-declarations.ts'
import { packageSources } from './package-sources.ts'
import { publishedManifest } from './published-manifest.ts'
import { isPublished, readManifest, readWorkspaces, root, type Workspace } from './workspaces.ts'

/** A package as it is published. */
type BuiltPackage = { readonly name: string; readonly folder: string }

/**
 * Makes each package below `packages` in a folder of its name below `target`: JavaScript and
 * declarations in `dist`, `package.json`, `README.md` and `LICENSE`.
 * @param repository its address, e.g. `https://github.com/OWNER/NAME`; null if it is not known
 * @throws Error if a package does not compile
 */
export function buildPackages(target: string, repository: string | null): BuiltPackage[] {
  const workspaces = readWorkspaces()
  const { version } = readManifest('.')
  return [...workspaces.values()].filter(isPublished).map((own) => {
    const folder = join(target, own.folder)
    const { files, dependencies } = packageSources(own, workspaces)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(join(folder, 'dist'), { recursive: true })
    compile(own, files, join(folder, 'dist'))
    const manifest = publishedManifest({ ...own, version, dependencies, repository })
    const declarations = Object.values(manifest.exports).map(({ types }) => types)
    keepNeededDeclarations(folder, declarations)
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    copyFileSync(join(root, own.folder, 'README.md'), join(folder, 'README.md'))
    copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
    for (const program of Object.values(manifest.bin ?? {})) chmodSync(join(folder, program), 0o755)
    return { name: own.manifest.name, folder }
  })
}

/** The oldest supported Node.js runs the result: version 20. */
const OPTIONS = {
  target: 'es2022',
  noEmit: false,
  rewriteRelativeImportExtensions: true,
  declaration: true,
  stripInternal: true
}

/** A package with a `tsconfig.json` of its own, for example for browsers, is compiled by that. */
function compile(own: Workspace, files: ReadonlyMap<string, string>, outDir: string): void {
  // Inside the repository, so that the compiler finds the dependencies.
  mkdirSync(join(root, 'build'), { recursive: true })
  const stage = mkdtempSync(join(root, 'build/stage-'))
  try {
    for (const [path, source] of files) {
      mkdirSync(dirname(join(stage, path)), { recursive: true })
      writeFileSync(join(stage, path), source)
    }
    const settings = [join(root, own.folder, 'tsconfig.json'), join(root, 'tsconfig.base.json')]
    const extended = settings.find((file) => existsSync(file))
    const compilerOptions = { ...OPTIONS, rootDir: '.', outDir }
    const config = { extends: extended, compilerOptions, include: ['.'] }
    writeFileSync(join(stage, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const made = spawnSync(process.execPath, [tsc, '-p', stage, '--checkers', '1'])
    if (made.status !== 0) throw new Error(`${own.manifest.name}: ${made.stdout}${made.stderr}`)
  } finally {
    rmSync(stage, { recursive: true })
  }
}
