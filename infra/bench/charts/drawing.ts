export type Theme = 'light' | 'dark'

export const themes: readonly Theme[] = ['light', 'dark']

/** The colours of GitHub's themes, as in the other pictures. */
export const colours: Readonly<Record<Theme, Readonly<Record<string, string>>>> = {
  light: { text: '#1f2328', muted: '#59636e', own: '#0969da', other: '#afb8c1' },
  dark: { text: '#e6edf3', muted: '#9198a1', own: '#4493f8', other: '#656c76' }
}

export const rounded = (value: number): number => Math.round(value * 10) / 10

/** A text within the markup of a picture. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

type Drawing = {
  readonly width: number
  readonly height: number
  /** in words, for people who do not see the picture */
  readonly title: string
  readonly description: string
  /** the element */
  readonly style: string
  readonly panels: readonly string[]
  /** where the figures are from, at the foot */
  readonly source: string
}

/** A whole picture. */
export const svg = ({ width, height, title, description, style, panels, source }: Drawing) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
  <title id="title">${escaped(title)}</title>
  <desc id="desc">${escaped(description)}</desc>
${style}
${panels.join('\n')}
  <text class="note" x="0" y="${height - 8}">${escaped(source)}</text>
</svg>
`
