import { type Environment, SettingsFault } from '@gatehouse/settings/read-settings'
import type { DocumentFault } from '@gatehouse/settings/schema-faults'
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type YAMLParseError,
  type YAMLWarning
} from 'yaml'
import { expandVariables, setVariables } from './expand-variables.ts'
import { firstFaults } from './first-faults.ts'
import { startOf, type Walked, walkDocument } from './walk-document.ts'

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

// Names that a map has twice are found by `walkDocument`.
const PARSING = { prettyErrors: false, uniqueKeys: false } as const

/** The library resolves each alias with a search through all of them. */
const MOST_ALIASES = 1000

type MemberPath = Pick<DocumentFault, 'path' | 'ofName'>

/**
 * Reads YAML, with `${NAME}` and `${NAME:-default}` for environment variables.
 * @param file its name, for messages
 * @throws SettingsFault with the place of each fault
 */
export function readYaml(file: string, written: string, environment: Environment): YamlFile {
  const { text, originalOffset, variableIn } = expandVariables(written, environment)
  const document = parseDocument(text, PARSING)
  const placeAt = (offset: number) => `${file}:${lineAndColumn(written, originalOffset(offset))}`
  const [broken] = [...document.errors, ...document.warnings]
  if (broken !== undefined) {
    // Later faults of the syntax are often consequences of the first one.
    const [at] = broken.pos
    const variable = variableIn(at, at) ?? setVariables(written, environment).find(isBroken)?.name
    const problem = syntaxFault(broken)
    throw new SettingsFault([`${placeAt(at)}: ${ofVariable(variable)}${problem}`])
  }
  const walked = walkDocument(document)
  const { lost, unset, duplicateAt } = walked
  if (duplicateAt !== null) {
    const name = nameAt(text.slice(duplicateAt)) ?? 'a name'
    throw new SettingsFault([`${placeAt(duplicateAt)}: ${name} is given twice`])
  }
  if (walked.targets.size + lost.length > MOST_ALIASES) throw new SettingsFault([repeats(file)])
  if (lost.length > 0) {
    const textOf = ({ name, offset }: (typeof lost)[number]) =>
      `${placeAt(offset)}: no anchor &${name} stands before *${name}`
    throw new SettingsFault(firstFaults(lost, textOf))
  }
  if (unset.length > 0) {
    const textOf = ({ name, offset }: (typeof unset)[number]) =>
      `${placeAt(offset)}: the variable ${name} is not set; \${${name}:-value} gives it a default`
    throw new SettingsFault(firstFaults(unset, textOf))
  }
  return {
    value: contentOf(document, file),
    placeOf: (fault) => placeAt(placeIn(document, walked, fault).offset),
    variableOf(fault) {
      const { offset, end } = placeIn(document, walked, fault)
      return variableIn(offset, end)
    }
  }
}

/** @throws SettingsFault if aliases would make a huge value of a small file */
function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    throw new SettingsFault([repeats(file)])
  }
}

const repeats = (file: string): string => `${file}: its aliases repeat too much: write the text out`

/** Names the variable that a text comes from, before a message about the text. */
export const ofVariable = (name: string | undefined): string =>
  name === undefined ? '' : `in the value of ${name}: `

/** Brackets or quotes in the value of a variable that do not end there break the text after it. */
const isBroken = ({ value }: { readonly value: string }): boolean =>
  parseDocument(value, PARSING).errors.length > 0

function syntaxFault({ code, message }: YAMLParseError | YAMLWarning): string {
  if (code === 'MULTILINE_IMPLICIT_KEY') return 'a colon, or quotes around the text, are missing'
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here, but only one is allowed'
  return message
}

const nameAt = (rest: string): string | undefined => /^[^\s:]+/.exec(rest)?.[0]

/** Where a member is in the text. */
type TextRange = { readonly offset: number; readonly end: number }

/**
 * Where the value or the name of a member begins, and where it ends if it is a scalar. If the
 * member is missing, the beginning of the map or list that should contain it.
 */
function placeIn(
  document: Document,
  { targets }: Walked,
  { path, ofName = false }: MemberPath
): TextRange {
  let node: unknown = document.contents
  let offset = startOf(node)
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = targets.get(node)
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

function lineAndColumn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n')
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`
}
