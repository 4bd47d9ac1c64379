import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The `package.json` of a workspace, as far as it matters here. */
export type Manifest = {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly keywords?: readonly string[]
  readonly license: string
  readonly sideEffects?: boolean
  readonly engines?: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { optional: boolean }>>
}

/** A workspace of this repository. */
export type Workspace = {
  /** its path from the top of the repository, e.g. `packages/identity` */
  readonly folder: string
  readonly manifest: Manifest
}

/** The top of the repository. */
export const root = join(import.meta.dirname, '../..')

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))

/** The folders of which packages are published. */
const PUBLISHED = 'packages'

/** The workspaces that may be part of a published package, by name. */
export function readWorkspaces(): Map<string, Workspace> {
  const found = ['internal', PUBLISHED].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}`)
  )
  const all = [...found, 'gateway']
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readManifest(folder) }))
  return new Map(all.map((workspace) => [workspace.manifest.name, workspace]))
}

export const isPublished = ({ folder }: Workspace): boolean => folder.startsWith(`${PUBLISHED}/`)
