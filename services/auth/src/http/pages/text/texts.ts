import { de } from './de.ts'
import { en, type Texts } from './en.ts'
import { es } from './es.ts'

export const languages = ['en', 'de', 'es'] as const
export type Language = (typeof languages)[number]

const texts: Readonly<Record<Language, Texts>> = { en, de, es }

export const textsOf = (language: Language): Texts => texts[language]

export const isLanguage = (value: unknown): value is Language =>
  languages.some((language) => language === value)

/** Replaces `{name}` in a text. */
export const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')

/**
 * A time as people of a language write it, in UTC: a page without scripts does not know the zone of
 * its reader.
 * @param iso ISO 8601
 */
export function shownTime(language: Language, iso: string): string {
  const time = new Date(iso).toLocaleString(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'UTC'
  })
  return `${time} UTC`
}
