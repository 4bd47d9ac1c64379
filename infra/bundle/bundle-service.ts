import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { build } from 'esbuild'
import { bundleOptions } from './bundle-options.ts'
import { EXTERNAL, EXTERNAL_OF_OTHERS, OUR_SOURCES } from './bundle-programs.ts'
import { ownAddresses } from './own-addresses.ts'

type BundledService = {
  readonly file: string
  /** a folder for NODE_COMPILE_CACHE: without it, a third of a start is the parsing of the file */
  readonly compiled: string
}

/**
 * Bundles one service as its image contains it: Node.js runs the file directly.
 * @param path of its workspace: `gateway`, `services/auth`
 * @param folder below a folder with the `node_modules` of the service
 */
export async function bundleService(path: string, folder: string): Promise<BundledService> {
  const file = join(folder, 'service.cjs')
  const compiled = join(folder, 'compiled')
  await build({
    ...bundleOptions,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    entryPoints: [{ in: `${path}/src/main.ts`, out: 'service' }],
    outdir: folder,
    external: path === 'gateway' ? EXTERNAL : EXTERNAL_OF_OTHERS,
    plugins: [ownAddresses(OUR_SOURCES)]
  })
  compile(file, compiled)
  return { file, compiled }
}

/**
 * Starts a service with a setting that none accepts, so that it ends at once, and Node.js keeps
 * what it has compiled. Only a process of the same user and the same Node.js reads that.
 * @throws if the service does not end as it does because of that setting
 */
function compile(file: string, folder: string): void {
  const env = { NODE_COMPILE_CACHE: folder, LOG_LEVEL: 'no level' }
  const { status, stderr } = spawnSync(process.execPath, [file], { env, encoding: 'utf8' })
  if (status !== 1 || !stderr.includes('LOG_LEVEL')) throw new Error(`${file}: ${stderr}`)
}
