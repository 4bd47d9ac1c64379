import type { FastifyReply } from 'fastify'
import { h } from 'preact'
import { link, paragraph } from '../frame/parts.ts'
import type { Visit } from '../visits/visit.ts'

/** The same page for every address, whether or not a letter goes there. */
export const letterSent = (visit: Visit, email: string): FastifyReply =>
  visit.show({
    title: visit.texts.letterSent,
    parts: [
      paragraph(visit.text('letterSentText', { email })),
      h('p', {}, link('sign-in', visit.texts.signIn))
    ]
  })
