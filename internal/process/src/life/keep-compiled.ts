import { mkdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

/**
 * Keeps the compiled code of the modules that are loaded from now on, so that the next start reads
 * it. The folder contains what this program already trusts, such as its last key set. Without a
 * usable folder, every start compiles. `NODE_COMPILE_CACHE` names another one.
 * @param folder the data folder of the program
 */
export function keepCompiled(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    enableCompileCache(join(folder, 'compiled'))
  } catch {
    // The code that needs the folder reports what is wrong with it.
  }
}
