import { join } from 'node:path'

/** Dependencies that are ES modules of hundreds of files, as our sources import them. */
export const dependencies = [
  'jose',
  'kysely',
  'kysely/migration',
  'tap',
  'typebox',
  'typebox/compile',
  'typebox/value'
] as const

/** The path of a dependency's bundle in a folder. */
export const dependencyBundle = (folder: string, dependency: string): string =>
  join(folder, `${outOf(dependency)}.mjs`)

/**
 * The name of a dependency's bundle, without the ending of the file. tap leaves files of its own
 * packages out of the stacks that it prints, and knows them by the name of their folder.
 */
export const outOf = (dependency: string): string =>
  dependency === 'tap' ? 'node_modules/@tapjs/tap' : dependency.replaceAll('/', '+')
