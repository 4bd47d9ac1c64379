import { isUtf8 } from 'node:buffer'
import { refuseEncoded } from '@gatehouse/http-service/encoded-bodies'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { unreadableForm } from './page-refusals.ts'

/** The fields of a form. A field that the form does not have is empty. */
export type Form = (name: string) => string

const FORM = 'application/x-www-form-urlencoded'

/** Reads forms, and nothing else. */
export function readForms(service: FastifyInstance): void {
  service.removeAllContentTypeParsers()
  service.addContentTypeParser(
    FORM,
    { parseAs: 'buffer' },
    async ({ headers }: FastifyRequest, body: Buffer) => {
      refuseEncoded(headers)
      if (!isUtf8(body)) throw unreadableForm()
      return new URLSearchParams(body.toString())
    }
  )
  service.addContentTypeParser('*', async () => {
    throw unreadableForm()
  })
}

/** @throws Refusal INVALID_REQUEST if a field is given twice */
export function formOf({ body }: FastifyRequest): Form {
  const fields = body instanceof URLSearchParams ? body : new URLSearchParams()
  return (name) => {
    const values = fields.getAll(name)
    if (values.length > 1) throw unreadableForm()
    return values[0] ?? ''
  }
}
