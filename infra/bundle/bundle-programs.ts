import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** What runs as a process, and the file that it begins with. */
export const programs = {
  auth: 'services/auth/src/main.ts',
  echo: 'services/echo/src/main.ts',
  gateway: 'gateway/src/main.ts',
  ops: 'infra/ops/main.ts',
  orders: 'services/orders/src/main.ts'
} as const

export type Program = keyof typeof programs

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Native code, and what asks for it if it is there: loaded from `node_modules` as ever. */
const EXTERNAL = ['@node-rs/argon2', 'pg-native']

/** CommonJS dependencies call `require`, which an ES module does not have. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`

/**
 * Makes one file of each program, with all that it imports, in a folder below `node_modules`. Sources that read files beside
 * them still read them from this checkout.
 * @returns the bundle of a program
 */
export async function bundlePrograms(folder: string): Promise<(program: Program) => string> {
  await build({
    absWorkingDir: root,
    entryPoints: Object.entries(programs).map(([out, path]) => ({ in: join(root, path), out })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minify: true,
    keepNames: true,
    // A file of ASCII alone is read without being decoded.
    charset: 'ascii',
    legalComments: 'none',
    external: EXTERNAL,
    banner: { js: REQUIRE },
    logLevel: 'error',
    plugins: [ownAddresses]
  })
  return (program) => join(folder, `${program}.mjs`)
}

/** Leaves each of our sources the address that it had. */
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
