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
