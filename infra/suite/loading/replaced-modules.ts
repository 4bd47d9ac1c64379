import { type ResolveFnOutput, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { dependencies, dependencyBundle } from '@gatehouse/bundle/dependencies'

// Node.js loads this file before a test file (`--import`). From then on the dependencies come from
// their bundles, in the folder that the query of this module's URL names. Without a folder, they
// come from `node_modules`.
const folder = new URL(import.meta.url).searchParams.get('folder')
const bundled = folder === null ? [] : dependencies
const addresses = new Map<string, string>(
  bundled.map((name) => [name, pathToFileURL(dependencyBundle(folder ?? '', name)).href])
)
const UNCAUGHT_ERRORS = import.meta.resolve('./uncaught-errors.ts')
const ROOT = new URL('../../..', import.meta.url).href
const isOurs = (url = ''): boolean => url.startsWith(ROOT) && !url.includes('/node_modules/')
/** What is known of the workspaces' exports, which are the same for every file. */
const exported = new Map<string, ResolveFnOutput>()

registerHooks({
  resolve(specifier, context, next) {
    // tap imports it to learn in which test an error was thrown.
    if (specifier === 'async-hook-domain') return next(UNCAUGHT_ERRORS, context)
    const url = addresses.get(specifier)
    if (url !== undefined) return { url, format: 'module', shortCircuit: true }
    const { parentURL } = context
    if (!isOurs(parentURL)) return next(specifier, context)
    // Node.js would look for the file, for its links and for its package.json: half of the time
    // that loading our sources takes.
    if (/^\.\.?\/.*\.ts$/.test(specifier)) {
      const { href } = new URL(specifier, parentURL)
      return { url: href, format: 'module-typescript', shortCircuit: true }
    }
    if (!specifier.startsWith('@gatehouse/')) return next(specifier, context)
    const found = exported.get(specifier) ?? next(specifier, context)
    exported.set(specifier, found)
    return { ...found, shortCircuit: true }
  }
})
