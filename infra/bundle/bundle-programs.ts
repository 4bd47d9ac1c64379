import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { bundleOptions } from './bundle-options.ts'

/** The programs that run as processes, and the whole system for a process that starts it itself: the entry file of each. */
export const programs = {
  auth: 'services/auth/src/main.ts',
  echo: 'services/echo/src/main.ts',
  gateway: 'gateway/src/main.ts',
  system: 'infra/start/whole-system.ts',
  ops: 'infra/ops/main.ts',
  orders: 'services/orders/src/main.ts'
} as const

export type Program = keyof typeof programs

/** Native code, and optional modules of dependencies. They are loaded from `node_modules`, not bundled. */
const EXTERNAL = ['@node-rs/argon2', 'pg-native']

/** CommonJS dependencies call `require`, which ES modules do not provide. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`

/**
 * Bundles each program with its imports into one file. The folder must be below `node_modules`, so that external modules
 * resolve. Sources that read files next to themselves still read them from this checkout.
 * @returns a function from a program to the path of its bundle
 */
export async function bundlePrograms(folder: string): Promise<(program: Program) => string> {
  await build({
    ...bundleOptions,
    entryPoints: Object.entries(programs).map(([out, path]) => ({ in: path, out })),
    outdir: folder,
    external: EXTERNAL,
    banner: { js: REQUIRE },
    plugins: [ownAddresses]
  })
  return (program) => join(folder, `${program}.mjs`)
}

/** Replaces `import.meta.url` in our sources by the URL of the original file. */
const ownAddresses: Plugin = {
  name: 'own-addresses',
  setup(bundle) {
    bundle.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const address = JSON.stringify(pathToFileURL(path).href)
      return { contents: source.replaceAll('import.meta.url', address), loader: 'ts' }
    })
  }
}
