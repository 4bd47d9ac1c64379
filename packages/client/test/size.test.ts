import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import t from 'tap'

t.test('the client has at most 4 KiB, minified and compressed', async (t) => {
  const { outputFiles } = await build({
    entryPoints: [new URL('../src/client.ts', import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false
  })
  const [file] = outputFiles
  const bytes = gzipSync(file?.contents ?? '', { level: 9 }).length
  t.ok(bytes > 1000, 'it is not empty')
  t.ok(bytes <= 4096, `${bytes} bytes`)
})
