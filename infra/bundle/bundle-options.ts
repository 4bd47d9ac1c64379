import { fileURLToPath } from 'node:url'
import type { BuildOptions } from 'esbuild'

/** What every bundle has in common: ES modules for the Node.js that `infra/runtime` pins. */
export const bundleOptions = {
  absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // Names stay as they are. Short names would need a call per function that restores its `name`:
  // an eighth of the processor time of a service's start.
  minifyWhitespace: true,
  minifySyntax: true,
  // Node.js reads a file that is pure ASCII without decoding it.
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'error'
} as const satisfies BuildOptions

/**
 * What an ES module of a bundle begins with: its CommonJS dependencies call `require`, which ES
 * modules do not provide. No source may import the function by this name.
 */
export const REQUIRE = `import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);`
