import { type Environment, SettingsFault } from '@gatehouse/settings/read-settings'
import type { DocumentFault } from '@gatehouse/settings/schema-faults'
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
  type YAMLWarning
} from 'yaml'
import { expandVariables, setVariables, unsetVariable } from './expand-variables.ts'

/** A YAML file that was read. */
export type YamlFile = {
  readonly value: unknown
  /**
   * The place of a fault in the file, as editors and terminals understand it: `routes.yaml:12:5`.
   */
  placeOf(fault: MemberPath): string
  /** The environment variable that the faulty text comes from. */
  variableOf(fault: MemberPath): string | undefined
}

type MemberPath = Pick<DocumentFault, 'path' | 'ofName'>

/**
 * Reads YAML, with `${NAME}` and `${NAME:-default}` for environment variables.
 * @param file its name, for messages
 * @throws SettingsFault with the place of each fault
 */
export function readYaml(file: string, written: string, environment: Environment): YamlFile {
  const { text, originalOffset, variableIn } = expandVariables(written, environment)
  const document = parseDocument(text, { prettyErrors: false })
  const placeAt = (offset: number) => `${file}:${lineAndColumn(written, originalOffset(offset))}`
  const [broken] = [...document.errors, ...document.warnings]
  if (broken !== undefined) {
    // Later faults of the syntax are often consequences of the first one.
    const [at] = broken.pos
    const variable = variableIn(at, at) ?? setVariables(written, environment).find(isBroken)?.name
    const words = syntaxFault(broken, text.slice(at))
    throw new SettingsFault([`${placeAt(at)}: ${ofVariable(variable)}${words}`])
  }
  const lost = lostAliases(document)
  if (lost.length > 0) {
    throw new SettingsFault(
      lost.map(
        ({ name, offset }) => `${placeAt(offset)}: no anchor &${name} stands before *${name}`
      )
    )
  }
  const unset = unsetIn(document)
  if (unset.length > 0) {
    throw new SettingsFault(
      unset.map(
        ({ name, offset }) =>
          `${placeAt(offset)}: the variable ${name} is not set; \${${name}:-value} gives it a default`
      )
    )
  }
  return {
    value: contentOf(document, file),
    placeOf: (fault) => placeAt(placeIn(document, fault).offset),
    variableOf(fault) {
      const { offset, end } = placeIn(document, fault)
      return variableIn(offset, end)
    }
  }
}

/** The aliases that stand for nothing. */
function lostAliases(document: Document): { name: string; offset: number }[] {
  const lost: { name: string; offset: number }[] = []
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) === undefined)
        lost.push({ name: alias.source, offset: startOf(alias) })
    }
  })
  return lost
}

/** @throws SettingsFault if aliases would make a huge value of a small file */
function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    throw new SettingsFault([`${file}: its aliases repeat too much: write the text out`])
  }
}

/** Names the variable that a text comes from, before a message about the text. */
export const ofVariable = (name: string | undefined): string =>
  name === undefined ? '' : `in the value of ${name}: `

/** Brackets or quotes in the value of a variable that do not end there break the text after it. */
const isBroken = ({ value }: { readonly value: string }): boolean =>
  parseDocument(value).errors.length > 0

/** @param rest the text from the place of the fault onwards */
function syntaxFault({ code, message }: YAMLParseError | YAMLWarning, rest: string): string {
  const [name] = /^[^\s:]+/.exec(rest) ?? []
  if (code === 'MULTILINE_IMPLICIT_KEY') return 'a colon, or quotes around the text, are missing'
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here, but only one is allowed'
  return code === 'DUPLICATE_KEY' && name !== undefined ? `${name} is given twice` : message
}

function unsetIn(document: Document): { name: string; offset: number }[] {
  const unset: { name: string; offset: number }[] = []
  visit(document, {
    Scalar(_key, { value, range }) {
      const name = typeof value === 'string' ? unsetVariable(value) : undefined
      if (name !== undefined) unset.push({ name, offset: range?.[0] ?? 0 })
    }
  })
  return unset
}

/** Where a member is in the text. */
type TextRange = { readonly offset: number; readonly end: number }

/**
 * Where the value or the name of a member begins, and where it ends if it is a scalar. If the
 * member is missing, the beginning of the map or list that should contain it.
 */
function placeIn(document: Document, { path, ofName = false }: MemberPath): TextRange {
  let node: unknown = document.contents
  let offset = startOf(node)
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (pair === undefined) return { offset, end: offset }
      const isLast = depth === path.length - 1
      node = isLast && ofName ? pair.key : (pair.value ?? pair.key)
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
    } else return { offset, end: offset }
    offset = startOf(node) || offset
  }
  return { offset, end: isScalar(node) ? (node.range?.[1] ?? offset) : offset }
}

const startOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0

function lineAndColumn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n')
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`
}
