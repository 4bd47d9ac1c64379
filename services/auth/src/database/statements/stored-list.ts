/** A list of words, each without a space, as a column has it. Pure. */
export const storedList = (words: readonly string[]): string => words.join(' ')

/** The words of a column. Pure. */
export const listOf = (stored: string): string[] => (stored === '' ? [] : stored.split(' '))
