const UNPRINTABLE = /\p{C}/u

/** Whether a text of a provider can be stored, and shown to people. */
export const isPlainText = (text: string, longest: number): boolean =>
  text !== '' && text.length <= longest && text.isWellFormed() && !UNPRINTABLE.test(text)
