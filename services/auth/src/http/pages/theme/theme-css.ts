import { contrast } from './contrast.ts'
import type { Colours, ThemeFile } from './theme-file.ts'

/** The colours of `pages.css`. */
const defaults = {
  light: { accent: '#2457d6', background: '#f4f5f8', text: '#1a1e29', card: '#ffffff' },
  dark: { accent: '#8fb0ff', background: '#12141a', text: '#e7eaf1', card: '#1b1f28' }
} as const

/** text (WCAG 2.2, 1.4.3) */
const ENOUGH = 4.5

const appearances = ['light', 'dark'] as const

/** Colours that people could not read, as the ends of sentences. */
export const coloursFaults = (theme: ThemeFile): string[] =>
  appearances.flatMap((name) => {
    const { accent, background } = chosen(theme, name)
    const { text, card } = defaults[name]
    const pairs = [
      ['accent', accent, 'the background', background],
      ['accent', accent, 'the cards', card],
      ['background', background, 'the text', text]
    ] as const
    return pairs
      .filter(([, one, , other]) => contrast(one, other) < ENOUGH)
      .map(
        ([member, one, with_, other]) =>
          `${name}.${member} ${one} has a contrast of ${contrast(one, other).toFixed(1)} with ${with_} (${other}); it must be at least ${ENOUGH}`
      )
  })

/** The variables that a theme replaces. Its values are colours, so nothing else gets into them. */
export function themeCss(theme: ThemeFile): string {
  const [light, dark] = [chosen(theme, 'light'), chosen(theme, 'dark')]
  const pair = (one: string, other: string) => `light-dark(${one}, ${other})`
  return `:root {
  --accent: ${pair(light.accent, dark.accent)};
  --on-accent: ${pair(readableOn(light.accent), readableOn(dark.accent))};
  --ground: ${pair(light.background, dark.background)};
}
`
}

const chosen = (theme: ThemeFile, name: 'light' | 'dark'): Required<Colours> => ({
  accent: theme[name]?.accent ?? defaults[name].accent,
  background: theme[name]?.background ?? defaults[name].background
})

const readableOn = (colour: string): string =>
  contrast(colour, '#ffffff') >= contrast(colour, '#10141d') ? '#ffffff' : '#10141d'
