import { type Static, Type } from 'typebox'

/** six hexadecimal digits */
const Colour = Type.String({ pattern: '^#[0-9a-fA-F]{6}$' })

/** The colours of one appearance. Those that are absent keep their default. */
const Colours = Type.Object(
  { accent: Type.Optional(Colour), background: Type.Optional(Colour) },
  { additionalProperties: false }
)
export type Colours = Static<typeof Colours>

/** The file of AUTH_PAGES_THEME_FILE, in JSON. */
export const ThemeFile = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    /** a file next to this one */
    logo: Type.Optional(Type.String({ minLength: 1 })),
    /** a style sheet next to this file, which comes after all others */
    css: Type.Optional(Type.String({ minLength: 1 })),
    light: Type.Optional(Colours),
    dark: Type.Optional(Colours)
  },
  { additionalProperties: false }
)
export type ThemeFile = Static<typeof ThemeFile>
