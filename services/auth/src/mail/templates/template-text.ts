/** A text with placeholders: `{{link}}`. */
const PLACEHOLDER = /\{\{(\w+)\}\}/g

export const placeholdersOf = (text: string): string[] =>
  [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name)

/** Replaces each placeholder once: what a value contains is not read again. */
export const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(PLACEHOLDER, (_, name: string) => values[name] ?? '')

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

export const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')

const LINK = '{{link}}'

/**
 * The text before the link at the end of a paragraph, which becomes the text of the link; null if
 * the paragraph does not end with `: {{link}}`.
 */
function labelOf(paragraph: string): string | null {
  if (!paragraph.endsWith(LINK)) return null
  const before = paragraph.slice(0, -LINK.length).trimEnd()
  return before.endsWith(':') ? before.slice(0, -1) : null
}

/** The paragraphs of a text as HTML, in which the placeholders are still there. */
export const asHtml = (text: string): string =>
  text
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => {
      const label = labelOf(paragraph)
      if (label === null) return `<p>${escaped(paragraph)}</p>`
      return `<p><a href="{{link}}">${escaped(label)}</a><br><small>{{link}}</small></p>`
    })
    .join('\n')
