import { buildService, type Service } from '@gatehouse/http-service/build-service'
import type { ServiceLog } from '@gatehouse/http-service/service-log'

const BODY_LIMIT_BYTES = 1024 * 1024

/** Answers with the request as it came: what a service sees behind the gateway, and what it does not. */
export async function buildEcho({
  log,
  closeMs
}: {
  log: ServiceLog
  closeMs: number
}): Promise<Service> {
  const service = buildService({
    closeMs,
    bodies: 'streamed',
    bodyLimitBytes: BODY_LIMIT_BYTES,
    log
  })
  service.removeAllContentTypeParsers()
  service.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body)
  })
  service.all('/*', async (request) => ({
    method: request.method,
    path: request.url,
    headers: request.headers,
    body: readable(request.body)
  }))
  return service
}

/** JSON as what it says, other text as it is, nothing as null. */
function readable(body: unknown): unknown {
  if (typeof body !== 'string' || body === '') return null
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}
