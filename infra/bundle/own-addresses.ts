import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import type { Plugin } from 'esbuild'

/** Replaces `import.meta.url` in the files that match by the URL of the original file. */
export const ownAddresses = (filter: RegExp): Plugin => ({
  name: 'own-addresses',
  setup(bundle) {
    bundle.onLoad({ filter }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const address = JSON.stringify(pathToFileURL(path).href)
      const loader = path.endsWith('.ts') ? 'ts' : 'js'
      return { contents: source.replaceAll('import.meta.url', address), loader }
    })
  }
})
