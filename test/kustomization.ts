import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

// What `kubectl kustomize` makes of infra/kubernetes, for the part of its language that is used
// there. Debian 12 has a kubectl that cannot read these files. Where a newer one is installed, a
// test compares both results.

type Json = string | number | boolean | null | Json[] | JsonObject
type JsonObject = { [name: string]: Json }

export type Rendered = JsonObject & {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string }
}

type Generator = { name: string; behavior?: 'merge'; literals?: string[]; files?: string[] }

type Kustomization = {
  namespace?: string
  resources?: string[]
  labels?: { pairs: Record<string, string> }[]
  configMapGenerator?: Generator[]
  secretGenerator?: Generator[]
  patches?: { path: string }[]
  images?: { name: string; newName?: string; newTag?: string }[]
}

const USED = new Set([
  'apiVersion',
  'kind',
  'namespace',
  'resources',
  'labels',
  'configMapGenerator',
  'secretGenerator',
  'patches',
  'images'
])

/** @throws Error if a file uses a part of the language that this does not know */
export function kustomize(folder: string): Rendered[] {
  const text = readFileSync(join(folder, 'kustomization.yaml'), 'utf8')
  const file = parse(text) as Kustomization
  const unknown = Object.keys(file).filter((member) => !USED.has(member))
  if (unknown.length > 0) throw new Error(`${folder} uses ${unknown}`)
  const objects = (file.resources ?? []).flatMap((resource) => resources(join(folder, resource)))
  for (const generator of file.configMapGenerator ?? []) {
    generate(objects, 'ConfigMap', dataOf(folder, generator), generator)
  }
  for (const generator of file.secretGenerator ?? []) {
    const data = Object.entries(dataOf(folder, generator)).map(([name, value]) => [
      name,
      Buffer.from(value).toString('base64')
    ])
    generate(objects, 'Secret', Object.fromEntries(data), generator)
  }
  for (const { path } of file.patches ?? []) {
    for (const patch of documents(join(folder, path))) {
      const patched = objects.find((one) => isSame(one, patch))
      if (patched === undefined) throw new Error(`${path} patches nothing`)
      Object.assign(patched, merged(patched, patch))
    }
  }
  for (const object of objects) {
    for (const { pairs } of file.labels ?? []) {
      object.metadata = merged(object.metadata, { labels: pairs }) as Rendered['metadata']
    }
    if (file.namespace === undefined) continue
    if (object.kind === 'Namespace') object.metadata.name = file.namespace
    else object.metadata.namespace = file.namespace
  }
  for (const image of file.images ?? []) {
    for (const container of containersOf(objects)) {
      if (container.image === image.name) {
        container.image = `${image.newName ?? image.name}:${image.newTag ?? 'latest'}`
      }
    }
  }
  return objects
}

const resources = (path: string): Rendered[] =>
  statSync(path).isDirectory() ? kustomize(path) : documents(path)

const documents = (path: string): Rendered[] =>
  parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS())

const isSame = (one: Rendered, other: Rendered): boolean =>
  one.kind === other.kind && one.metadata.name === other.metadata.name

function dataOf(folder: string, { literals = [], files = [] }: Generator): Record<string, string> {
  const values = literals.map((literal) => {
    const at = literal.indexOf('=')
    return [literal.slice(0, at), literal.slice(at + 1)] as const
  })
  const contents = files.map((file) => [file, readFileSync(join(folder, file), 'utf8')] as const)
  return Object.fromEntries([...values, ...contents])
}

function generate(
  objects: Rendered[],
  kind: string,
  data: Record<string, string>,
  { name, behavior }: Generator
): void {
  const known = objects.find((one) => one.kind === kind && one.metadata.name === name)
  if (behavior === 'merge' && known !== undefined) known.data = merged(known.data ?? {}, data)
  else {
    const type = kind === 'Secret' ? { type: 'Opaque' } : {}
    objects.push({ apiVersion: 'v1', kind, data, metadata: { name }, ...type })
  }
}

/** A strategic merge: maps are merged, and lists of things with names by these names. */
function merged(one: Json, other: Json): Json {
  if (isMap(one) && isMap(other)) {
    const result: JsonObject = { ...one }
    for (const [name, value] of Object.entries(other)) {
      result[name] = Object.hasOwn(one, name) ? merged(one[name] ?? null, value) : value
    }
    return result
  }
  if (!isNamed(one) || !isNamed(other)) return other
  const names = new Set([...other, ...one].map(({ name }) => name))
  return [...names].map((name) => {
    const [before, after] = [one, other].map((list) => list.find((item) => item.name === name))
    return before === undefined || after === undefined
      ? (after ?? before ?? null)
      : merged(before, after)
  })
}

const isMap = (value: Json): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

const isNamed = (value: Json): value is JsonObject[] =>
  Array.isArray(value) && value.every((item) => isMap(item) && typeof item.name === 'string')

/** Every container of a value, wherever it is. */
function containersOf(value: Json): JsonObject[] {
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([name, inside]) =>
    (name === 'containers' || name === 'initContainers') && isNamed(inside)
      ? inside
      : containersOf(inside)
  )
}
