import type { ErrorForm } from '@gatehouse/http-service/error-form'
import { breakOffUnlessClosed } from '@gatehouse/http-service/http-two'
import { PROBLEM_MEDIA_TYPE, problemDocument } from '@gatehouse/problem/document'
import { grpcFields } from './grpc-fields.ts'

const MEDIA_TYPE = 'application/grpc'
/** How long a client may take to read a refusal. */
const UNREAD_MS = 5000

/**
 * A refusal for a gRPC client: a response of one header section, with status 200, which is at the
 * same time the end of the call ("Trailers-Only" in the protocol).
 */
export const grpcForm: ErrorForm = {
  mediaType: PROBLEM_MEDIA_TYPE,
  document: problemDocument,
  write(refusal, reply) {
    const { raw, request } = reply
    const fields = { ...reply.getHeaders(), ...grpcFields(refusal, request.id) }
    reply.hijack()
    raw.statusCode = 200
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) raw.setHeader(name, value)
    }
    raw.removeHeader('content-length')
    raw.setHeader('content-type', MEDIA_TYPE)
    raw.end()
    breakOffUnlessClosed(raw, UNREAD_MS)
  }
}
