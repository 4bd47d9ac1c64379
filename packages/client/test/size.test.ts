import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import t from 'tap'

/** The maximum size of each entry point in bytes, with everything that it imports. */
const budgets = { 'client.ts': 4096, 'account.ts': 1024, 'providers.ts': 1024 }

t.test(
  'minified and compressed, the client has at most 4 KiB, and its other entry points 1 KiB',
  async (t) => {
    for (const [entry, budget] of Object.entries(budgets)) {
      const { outputFiles } = await build({
        entryPoints: [new URL(`../src/${entry}`, import.meta.url).pathname],
        bundle: true,
        minify: true,
        format: 'esm',
        target: 'es2022',
        write: false
      })
      const [file] = outputFiles
      const bytes = gzipSync(file?.contents ?? '', { level: 9 }).length
      t.ok(bytes > budget / 4, 'it is not empty')
      t.ok(bytes <= budget, `${entry}: ${bytes} bytes`)
    }
  }
)
