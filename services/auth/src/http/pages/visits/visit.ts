import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CookieSameSite } from '../../app-settings.ts'
import { document, type Look, type PageContent } from '../frame/document.ts'
import { leavingPage } from '../frame/leaving-page.ts'
import { headersOfPage } from '../frame/page-headers.ts'
import type { Answer, Ask, Question } from '../requests/ask.ts'
import { type Form, formOf } from '../requests/form.ts'
import { checkToken, tokenOfForm } from '../requests/form-token.ts'
import { pageLanguage } from '../requests/language.ts'
import type { ReturnTo } from '../requests/return-to.ts'
import type { TextName, Texts } from '../text/en.ts'
import { filled, type Language, textsOf } from '../text/texts.ts'

/** What every page needs. */
export type VisitParts = {
  readonly ask: Ask
  readonly look: Look
  readonly fallbackLanguage: Language
  readonly returnTo: ReturnTo
  readonly sameSite: CookieSameSite
}

/** The request of a browser for a page. */
export type Visit = {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly language: Language
  readonly texts: Texts
  /** a text with its values */
  text(name: TextName, values: Readonly<Record<string, string>>): string
  /** a value of the query; empty if there is none */
  query(name: string): string
  /** sends a request to a route of this service, for the browser */
  ask(question: Question): Promise<Answer>
  /** @param session the public id of the session that may send the form, or SIGNED_OUT */
  formToken(session: string): string
  /**
   * The form that the browser has sent.
   * @throws Refusal FORBIDDEN, INVALID_REQUEST
   */
  form(session: string): Form
  show(content: PageContent, status?: number): FastifyReply
  /** @param to the name of a page, or a URL that `ReturnTo` allows: a page of ours opens it */
  go(to: string): FastifyReply
  readonly returnTo: ReturnTo
}

export type OpenVisit = (request: FastifyRequest, reply: FastifyReply) => Visit

/** What a page reads from its address, besides the language. */
const queryOf = (query: Visit['query']): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['returnTo', 'notice'].map((name) => [name, query(name)]).filter(([, value]) => value !== '')
  )

export function visits(parts: VisitParts): OpenVisit {
  const { look, returnTo, sameSite } = parts
  return (request, reply) => {
    const language = pageLanguage(request, reply, parts.fallbackLanguage)
    const texts = textsOf(language)
    const query = (name: string): string => {
      const value = (request.query as Readonly<Record<string, unknown>>)[name]
      return typeof value === 'string' ? value : ''
    }
    const show: Visit['show'] = (content, status = 200) =>
      reply
        .code(status)
        .headers(headersOfPage)
        .type('text/html; charset=utf-8')
        .send(document({ ...content, query: queryOf(query) }, look, language))
    return {
      request,
      reply,
      language,
      texts,
      text: (name, values) => filled(texts[name], values),
      query,
      ask: (question) => parts.ask({ request, reply, language }, question),
      formToken: (session) => tokenOfForm({ request, reply }, session, sameSite),
      form(session) {
        const form = formOf(request)
        checkToken(request, form, session)
        return form
      },
      show,
      go: (to) =>
        URL.canParse(to)
          ? show(leavingPage(texts, to, 'toApp'))
          : reply.headers(headersOfPage).redirect(to, 303),
      returnTo
    }
  }
}
