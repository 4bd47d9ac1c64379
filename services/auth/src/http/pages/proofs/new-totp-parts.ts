import { type ComponentChild, h } from 'preact'
import { facts, paragraph } from '../frame/parts.ts'
import type { Visit } from '../visits/visit.ts'

/** The secret of a new authenticator, as a picture and as text. @param body of the route */
export function newTotpParts(
  { texts }: Visit,
  body: Readonly<Record<string, unknown>>
): readonly ComponentChild[] {
  const { secret, qr } = body
  const picture = qr as { readonly dataUri: string } | undefined
  return [
    paragraph(texts.scan),
    h('p', {}, h('img', { class: 'qr', src: picture?.dataUri ?? '', alt: texts.qrCode })),
    facts([[texts.key, String(secret)]])
  ]
}
