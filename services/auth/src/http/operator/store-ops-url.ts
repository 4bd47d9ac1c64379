import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OPS_ADDRESS_FILE } from '@gatehouse/process/ops-address'
import type { AuthConfig } from '../../config.ts'

/**
 * Stores the address at which the command line on this machine finds the ops listener, whatever its
 * port.
 */
export function storeOpsUrl(config: AuthConfig, opsUrl: string): void {
  mkdirSync(config.GATEHOUSE_DATA_DIR, { recursive: true, mode: 0o700 })
  writeFileSync(join(config.GATEHOUSE_DATA_DIR, OPS_ADDRESS_FILE), opsUrl, { mode: 0o600 })
}
