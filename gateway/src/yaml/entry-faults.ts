import { SettingsFault } from '@gatehouse/settings/read-settings'
import { type DocumentFault, schemaFaults } from '@gatehouse/settings/schema-faults'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { firstFaults } from './first-faults.ts'
import { ofVariable, type YamlFile } from './yaml-file.ts'

/**
 * The content of a file, with the defaults of its schema.
 * @throws SettingsFault with at most 50 lines about the faults: place, entry, member, and what is
 * allowed
 */
export function readContent<Content>(
  file: YamlFile,
  schema: TSchema,
  prepare: (document: unknown) => unknown = (document) => document
): Content {
  if (file.value === null || file.value === undefined) {
    throw new SettingsFault([`${file.placeOf({ path: [] })}: the file is empty`])
  }
  const content = Value.Default(schema, prepare(file.value))
  const faults = firstFaults(schemaFaults(schema, content), (fault) => {
    const { entry, member } = placeIn(fault.path, content)
    const text = member === '' ? `${entry} ${fault.text}` : `${member} ${fault.text}`
    return written(file, fault, member === '' ? '' : entry, text)
  })
  if (faults.length > 0) throw new SettingsFault(faults)
  return content as Content
}

/**
 * Throws the faults that a schema cannot find, if there are any.
 * @throws SettingsFault with at most 50 lines about the faults: place, entry, member, and what is
 * allowed
 */
export function refuseFaults(file: YamlFile, content: unknown, faults: readonly DocumentFault[]) {
  if (faults.length === 0) return
  throw new SettingsFault(
    firstFaults(faults, (fault) =>
      written(file, fault, placeIn(fault.path, content).entry, fault.text)
    )
  )
}

const written = (file: YamlFile, fault: DocumentFault, entry: string, text: string): string =>
  [file.placeOf(fault), entry, `${ofVariable(file.variableOf(fault))}${text}`]
    .filter((part) => part !== '')
    .join(': ')

/** The name of the entry into which a path leads, and the member of the entry. */
function placeIn(path: DocumentFault['path'], content: unknown): { entry: string; member: string } {
  const [section, key, ...rest] = path
  if (section === undefined) return { entry: '', member: 'the file' }
  if (key === undefined) return { entry: '', member: String(section) }
  const kind = String(section).replace(/s$/, '')
  const name = typeof key === 'number' ? nameOf(content, section, key) : key
  return { entry: `${kind} ${name}`, member: rest.join('.') }
}

function nameOf(content: unknown, section: string | number, at: number): string {
  const entries = (content as Record<string, unknown>)[section]
  const entry: unknown = Array.isArray(entries) ? entries[at] : undefined
  const { name } = (entry ?? {}) as { name?: unknown }
  return typeof name === 'string' && name !== '' ? name : `number ${at + 1}`
}
