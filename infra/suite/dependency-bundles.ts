import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { dependencies, dependencyBundle } from '@gatehouse/bundle/dependencies'

// Node.js loads this file before a test file (`--import`). From then on the dependencies come from their bundles, in the folder
// that the query of this module's URL names.
const folder = new URL(import.meta.url).searchParams.get('folder') ?? ''
const addresses = new Map<string, string>(
  dependencies.map((name) => [name, pathToFileURL(dependencyBundle(folder, name)).href])
)
registerHooks({
  resolve(specifier, context, next) {
    const url = addresses.get(specifier)
    if (url === undefined) return next(specifier, context)
    return { url, format: 'module', shortCircuit: true }
  }
})
