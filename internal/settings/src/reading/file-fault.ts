import { isAbsolute } from 'node:path'

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'a file with this name exists',
  EISDIR: 'it is a folder',
  ELOOP: 'too many symbolic links, perhaps in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only'
}

/** Why a file cannot be used, for the operator; null if the error is not about a file. Pure. */
export function fileFault(error: unknown): string | null {
  const { code = '' } = (error ?? {}) as { code?: unknown }
  return Object.hasOwn(reasons, String(code)) ? (reasons[String(code)] ?? null) : null
}

/** Whether the error says that there is no such file. Pure. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

/**
 * Why a file cannot be read, for the operator; null if the error is not about a file. For a
 * relative name, it also names the folder.
 */
export function unreadable(file: string, error: unknown): string | null {
  const reason = fileFault(error)
  if (reason === null) return null
  const place = isAbsolute(file) ? '' : ` in ${process.cwd()}`
  return `cannot read ${file}${place}: ${reason}`
}
