/**
 * Scripts that are written together, with Latin letters among them (UTS 39 §5.2, highly
 * restrictive).
 */
const EAST_ASIAN = ['Han', 'Hiragana', 'Katakana', 'Bopomofo', 'Hangul']

/** Other scripts in everyday use (UAX 31, table 5). One name has letters of one of them. */
const SINGLE =
  'Latin Cyrillic Greek Armenian Georgian Hebrew Arabic Thaana Ethiopic Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Khmer'.split(
    ' '
  )

const ofScript = (script: string): string => `\\p{Script=${script}}`
const oneOf = (scripts: readonly string[]): string => scripts.map(ofScript).join('')

/** Characters of no single script, such as punctuation, digits and combining marks. */
const SHARED = oneOf(['Common', 'Inherited'])

/** A name of one script, or of the East Asian ones and Latin. */
const ONE_SCRIPT = [...SINGLE.map((script) => [script]), [...EAST_ASIAN, 'Latin']].map(
  (scripts) => new RegExp(`^[${SHARED}${oneOf(scripts)}]*$`, 'u')
)

/**
 * Letters of the Latin script that no everyday alphabet has, or that look like a plain one: ı, ȷ,
 * clicks, and phonetic letters such as ɑ and ɡ, but not those of African languages and Azerbaijani
 * (ɓ ɔ ɖ ɗ ə ɛ ɣ ɲ ʋ).
 */
const UNUSUAL_LATIN =
  /[\u0131\u0237\u01c0-\u01c3\u0250-\u0252\u0255\u0258\u025a\u025c-\u0262\u0264-\u0271\u0273-\u028a\u028c-\u02af\u1d00-\u1dbf\ua720-\ua7ff\uab30-\uab6f]/

/** Digits of another script, such as the Devanagari zero. */
const OTHER_DIGIT = /(?![0-9])\p{Nd}/u
const LATIN = /\p{Script=Latin}/u
const LETTER = /\p{L}/u

/**
 * Small letters that look like a Latin one (UTS 39, confusables.txt): Cyrillic, Greek, Armenian.
 */
const LIKE_LATIN = new Set('асԁеһіјӏорԛѕѵԝхуүкгпьαοнνριυκγχηտսոսցօհզ')

/**
 * Whether a name could be read as another one: it mixes scripts or has one that is not in everyday
 * use, it has unusual Latin letters or the digits of another script, or all its letters are
 * non-Latin but look Latin. Pure.
 */
export function looksLikeAnother(name: string): boolean {
  if (!ONE_SCRIPT.some((script) => script.test(name))) return true
  if (UNUSUAL_LATIN.test(name)) return true
  const letters = [...name].filter((character) => LETTER.test(character))
  const isLatin = letters.length === 0 || LATIN.test(name)
  if (isLatin && OTHER_DIGIT.test(name)) return true
  return letters.length > 0 && letters.every((letter) => LIKE_LATIN.has(letter))
}
