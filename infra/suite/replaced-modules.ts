import { registerHooks } from 'node:module'
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
registerHooks({
  resolve(specifier, context, next) {
    // tap imports it to learn in which test an error was thrown.
    if (specifier === 'async-hook-domain') return next(UNCAUGHT_ERRORS, context)
    const url = addresses.get(specifier)
    if (url === undefined) return next(specifier, context)
    return { url, format: 'module', shortCircuit: true }
  }
})
