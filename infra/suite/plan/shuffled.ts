import { createHash } from 'node:crypto'

/** The files in an order that depends on the seed alone. */
export function shuffled(files: readonly string[], seed: string): string[] {
  const place = (file: string): string =>
    createHash('sha256').update(`${seed} ${file}`).digest('hex')
  return files
    .map((file) => ({ file, place: place(file) }))
    .sort((one, other) => (one.place < other.place ? -1 : 1))
    .map(({ file }) => file)
}
