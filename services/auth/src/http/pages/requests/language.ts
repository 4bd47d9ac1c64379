import type { FastifyReply, FastifyRequest } from 'fastify'
import { languageOf } from '../../../mail/templates/language.ts'
import { isLanguage, type Language, languages } from '../text/texts.ts'

const COOKIE = 'gatehouse-language'
const YEAR_SECONDS = 31_536_000
const known: ReadonlySet<string> = new Set(languages)

/** The language of a page: chosen now, chosen earlier, or that of the browser. */
export function pageLanguage(
  request: FastifyRequest,
  reply: FastifyReply,
  fallback: Language
): Language {
  const { language: chosen } = request.query as Readonly<Record<string, unknown>>
  if (isLanguage(chosen)) {
    reply.setCookie(COOKIE, chosen, {
      path: '/',
      maxAge: YEAR_SECONDS,
      sameSite: 'lax',
      httpOnly: true,
      secure: true
    })
    return chosen
  }
  const earlier = request.cookies[COOKIE]
  if (isLanguage(earlier)) return earlier
  const found = languageOf(request.headers['accept-language'], known, fallback)
  return isLanguage(found) ? found : fallback
}
