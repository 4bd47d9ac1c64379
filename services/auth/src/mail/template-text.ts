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

/** A paragraph whose only link is at its end becomes a link with that paragraph as its text. */
const LINK = /^(.*):\s*\{\{link\}\}$/s

/** The paragraphs of a text as HTML, in which the placeholders are still there. */
export const asHtml = (text: string): string =>
  text
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => {
      const [, label] = LINK.exec(paragraph) ?? []
      if (label === undefined) return `<p>${escaped(paragraph)}</p>`
      return `<p><a href="{{link}}">${escaped(label)}</a><br><small>{{link}}</small></p>`
    })
    .join('\n')
