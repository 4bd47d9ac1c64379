import { type ProblemCode, problems } from '@gatehouse/problem/codes'
import { Refusal } from '@gatehouse/problem/refusal'
import type { Answer } from '../requests/ask.ts'
import type { TextName } from '../text/en.ts'
import type { Visit } from './visit.ts'

const isProblemCode = (code: string | null): code is ProblemCode =>
  code !== null && Object.hasOwn(problems, code)

/** A refusal that its page cannot explain. The error page shows it. */
export function refusalOf({ code, status }: Answer): Refusal {
  const known = isProblemCode(code) ? code : 'INTERNAL'
  return new Refusal(known, { reason: `a route answered ${status} to a page` })
}

/** The texts for codes that mean the same on every page. */
export const general: Readonly<Partial<Record<ProblemCode, TextName>>> = {
  RATE_LIMITED: 'tooMany',
  UNAVAILABLE: 'unavailable'
}

/**
 * What went wrong, in the language of the page. Chosen by the code: the detail is for programs.
 * @param own what a code means on this page
 * @throws Refusal if neither has the code
 */
export function faultText(
  { texts }: Visit,
  answer: Answer,
  own: Readonly<Partial<Record<ProblemCode, TextName>>> = {}
): string {
  const { code } = answer
  const name = isProblemCode(code) ? (own[code] ?? general[code]) : undefined
  if (name === undefined) throw refusalOf(answer)
  return texts[name]
}
