import { build } from 'esbuild'
import { bundleOptions, REQUIRE } from './bundle-options.ts'
import { dependencies, outOf } from './dependencies.ts'
import { ownAddresses } from './own-addresses.ts'

/** The suite loads another module in its place (`infra/suite/loading/replaced-modules.ts`). */
const REPLACED = 'async-hook-domain'
/** tap looks for files next to its own. */
const OF_TAP = /node_modules\/(?:@tapjs|tcompare)\/.*\.js$/

/**
 * Bundles each dependency into one file, and code that several of them share into another one:
 * `kysely` and `kysely/migration` use the same classes.
 */
export async function bundleDependencies(folder: string): Promise<void> {
  await build({
    ...bundleOptions,
    entryPoints: dependencies.map((name) => ({ in: name, out: outOf(name) })),
    outdir: folder,
    splitting: true,
    banner: { js: REQUIRE },
    external: [REPLACED],
    plugins: [ownAddresses(OF_TAP)]
  })
}
