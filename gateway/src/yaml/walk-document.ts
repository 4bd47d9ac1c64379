import { type Alias, type Document, isScalar, type Node, visit, type YAMLMap } from 'yaml'
import { unsetVariable } from './expand-variables.ts'

/** A name, and where it is in the text. */
type Named = { readonly name: string; readonly offset: number }

/** What a walk through a document finds. */
export type Walked = {
  /** the nodes that aliases stand for */
  readonly targets: ReadonlyMap<unknown, Node>
  /** the aliases that stand for nothing */
  readonly lost: readonly Named[]
  /** the variables that are not set and have no default */
  readonly unset: readonly Named[]
  /** the first place in the text where a map has a name for the second time */
  readonly duplicateAt: number | null
}

/**
 * Walks through a document once, in linear time. The library would resolve each alias with a walk
 * of its own, and compare each name of a map with all others.
 */
export function walkDocument(document: Document): Walked {
  const anchors = new Map<string, Node>()
  const targets = new Map<unknown, Node>()
  const lost: Named[] = []
  const unset: Named[] = []
  const duplicates: number[] = []
  const anchor = (node: Exclude<Node, Alias>) => {
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
  }
  visit(document, {
    Alias(_key, alias) {
      const target = anchors.get(alias.source)
      if (target === undefined) lost.push({ name: alias.source, offset: startOf(alias) })
      else targets.set(alias, target)
    },
    Map(_key, node) {
      anchor(node)
      duplicates.push(...duplicateIn(node))
    },
    Seq(_key, node) {
      anchor(node)
    },
    Scalar(_key, node) {
      anchor(node)
      const name = typeof node.value === 'string' ? unsetVariable(node.value) : undefined
      if (name !== undefined) unset.push({ name, offset: startOf(node) })
    }
  })
  const duplicateAt = duplicates.reduce<number | null>(
    (first, at) => (first === null ? at : Math.min(first, at)),
    null
  )
  return { targets, lost, unset, duplicateAt }
}

/** Where a map has one of its names for the second time, if it does. */
function duplicateIn({ items }: YAMLMap): number[] {
  const names = new Set<unknown>()
  for (const { key } of items) {
    if (!isScalar(key)) continue
    if (names.has(key.value)) return [startOf(key)]
    names.add(key.value)
  }
  return []
}

/** Where a node begins in the text; 0 for what is no node. */
export const startOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0
