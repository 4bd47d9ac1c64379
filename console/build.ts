import { cpSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Where the auth service finds the page (`services/auth/src/http/operator/console`). */
const folder = path('built/')

/** The first ones with `light-dark()` and `AbortSignal.any`. */
const browsers = ['chrome125', 'firefox128', 'safari17.5']

mkdirSync(folder, { recursive: true })
for (const name of ['index.html', 'icon.svg']) cpSync(path(`page/${name}`), `${folder}${name}`)
// The page links to the runbooks of its own release.
for (const name of ['leaked-signing-key', 'planned-rotation', 'stolen-session']) {
  cpSync(path(`../docs/runbooks/${name}.md`), `${folder}runbooks/${name}.md`)
}
await build({
  absWorkingDir: path('.'),
  entryPoints: [
    { in: 'src/main.tsx', out: 'main' },
    { in: 'src/style/main.css', out: 'main' }
  ],
  outdir: folder,
  bundle: true,
  minify: true,
  format: 'esm',
  target: browsers,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'error'
})
