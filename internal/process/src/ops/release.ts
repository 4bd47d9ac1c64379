import { readFileSync } from 'node:fs'

/** The package of the whole system: its version is the release. */
const MANIFEST = new URL('../../../../package.json', import.meta.url)

/** The release of Gatehouse. */
export function release(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(MANIFEST, 'utf8'))
  return version
}
