/** Alphabets with letters that look like those of another alphabet (UTS 39 §4). */
const ALPHABETS = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
  /\p{Script=Lisu}/u
]

/**
 * Small letters that look like a Latin one (UTS 39, confusables.txt): Cyrillic, Greek, Armenian.
 */
const LIKE_LATIN = new Set('асԁеһіјӏорԛѕѵԝхуүкгпьαοнνριυκγχηտսոսցօհզ')

/**
 * Whether a name could be read as another one: it mixes alphabets that share letter shapes, or all
 * its letters are non-Latin but look Latin. Pure.
 */
export function looksLikeAnother(name: string): boolean {
  if (ALPHABETS.filter((alphabet) => alphabet.test(name)).length > 1) return true
  const letters = [...name].filter((character) => /\p{L}/u.test(character))
  return letters.length > 0 && letters.every((letter) => LIKE_LATIN.has(letter))
}
