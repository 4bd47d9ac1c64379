import { type TOptional, type TProperties, type TString, Type } from 'typebox'
import { textFile } from './text-file.ts'

/**
 * The keyword of a schema whose setting names a file: the name of the setting that the file stands
 * for.
 */
const SECRET_OF = 'secretOf'

type SecretProperties<Name extends string> = {
  readonly [Setting in Name | `${Name}_FILE`]: TOptional<TString>
}

/**
 * The two settings of a secret: `NAME`, and `NAME_FILE`, which names a file with its value. What
 * reads the settings sees the value as `NAME` in both cases.
 */
export function secret<Name extends string>(name: Name): SecretProperties<Name> {
  return {
    [name]: Type.Optional(Type.String()),
    [fileSetting(name)]: Type.Optional(Type.String({ [SECRET_OF]: name }))
  } as SecretProperties<Name>
}

/** Whether a setting has a value, as it is or in a file. */
export const isGiven = (
  environment: Readonly<Record<string, string | undefined>>,
  name: string
): boolean =>
  [name, fileSetting(name)].some((setting) => (environment[setting]?.trim() ?? '') !== '')

const fileSetting = <Name extends string>(name: Name): `${Name}_FILE` => `${name}_FILE`

/**
 * The values of secrets that are given as files, and what is wrong with these files: never what is
 * in them.
 */
export function readSecretFiles(
  properties: TProperties,
  given: Readonly<Record<string, string>>
): { readonly values: Readonly<Record<string, string>>; readonly faults: readonly string[] } {
  const values: Record<string, string> = {}
  const faults: string[] = []
  for (const [setting, schema] of Object.entries(properties)) {
    const file = given[setting]
    const { [SECRET_OF]: name } = schema as { readonly [SECRET_OF]?: string }
    if (name === undefined || file === undefined) continue
    if (given[name] !== undefined) {
      faults.push(`${name} and ${setting} are both set; set one of them`)
      continue
    }
    const read = secretIn(file)
    if ('fault' in read) faults.push(`${setting}: ${read.fault}`)
    else values[name] = read.text
  }
  return { values, faults }
}

/**
 * Passwords in files that begin or end with white space, which counts: most often it is a mistake,
 * and the store only says that the password is wrong.
 */
export const paddedSecrets = (
  settings: Readonly<Record<string, unknown>>,
  names: readonly string[]
): string[] =>
  names.flatMap((name) => {
    const value = settings[name]
    return typeof value === 'string' && value !== value.trim()
      ? [`${fileSetting(name)}: the secret begins or ends with white space, which is part of it`]
      : []
  })

/**
 * The secret in a file, or why it cannot be used.
 * Editors and `echo` end a file with a line break, which is not a part of the secret. Other white
 * space may be.
 */
export function secretIn(file: string): ReturnType<typeof textFile> {
  const read = textFile(file)
  if ('fault' in read) return read
  const text = read.text.replace(/\r?\n$/, '')
  return text.trim() === '' ? { fault: `${file} is empty` } : { text }
}
