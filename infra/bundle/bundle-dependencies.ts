import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { dependencies, outOf } from './dependencies.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Bundles each dependency into one file, and what several of them share into another one: `kysely` and `kysely/migration`
 * have the same classes.
 */
export async function bundleDependencies(folder: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: dependencies.map((name) => ({ in: name, out: outOf(name) })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minify: true,
    keepNames: true,
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'error'
  })
}
