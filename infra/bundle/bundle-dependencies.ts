import { build } from 'esbuild'
import { bundleOptions } from './bundle-options.ts'
import { dependencies, outOf } from './dependencies.ts'

/**
 * Bundles each dependency into one file, and code that several of them share into another one:
 * `kysely` and `kysely/migration` use the same classes.
 */
export async function bundleDependencies(folder: string): Promise<void> {
  await build({
    ...bundleOptions,
    entryPoints: dependencies.map((name) => ({ in: name, out: outOf(name) })),
    outdir: folder,
    splitting: true
  })
}
