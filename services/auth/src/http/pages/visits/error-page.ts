import type { ErrorForm } from '@gatehouse/http-service/error-form'
import type { ProblemCode } from '@gatehouse/problem/codes'
import { link, paragraph } from '../frame/parts.ts'
import type { TextName } from '../text/en.ts'
import { general } from './refusal-of.ts'
import type { OpenVisit } from './visit.ts'

const texts: Readonly<Partial<Record<ProblemCode, TextName>>> = {
  FORBIDDEN: 'formExpired',
  NOT_FOUND: 'notFound',
  ...general
}

/** Shows a refusal as a page. */
export const errorPage = (open: OpenVisit): ErrorForm => ({
  mediaType: 'text/html',
  document: () => ({}),
  write(refusal, reply) {
    const visit = open(reply.request, reply)
    const text = visit.texts[texts[refusal.code] ?? 'failed']
    visit.show(
      {
        title: visit.texts.errorTitle,
        parts: [paragraph(text), link('account', visit.texts.back)]
      },
      refusal.status
    )
  }
})
