import type { FastifyReply } from 'fastify'
import { h } from 'preact'
import { link, paragraph } from '../frame/parts.ts'
import type { Visit } from '../visits/visit.ts'

/** Shows recovery codes, once. @param to where the user goes next */
export const codesPage = (visit: Visit, codes: readonly unknown[], to: string): FastifyReply =>
  visit.show({
    title: visit.texts.codesTitle,
    parts: [
      paragraph(visit.texts.codesLead),
      h(
        'ol',
        { class: 'codes' },
        codes.map((code) => h('li', {}, h('code', {}, String(code))))
      ),
      h('p', {}, link(to, visit.texts.continue))
    ]
  })
