import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { ServiceLog } from '@gatehouse/http-service/service-log'

const BODY_LIMIT_BYTES = 1024 * 1024

/** Answers with the request as it arrived: it shows what a service behind the gateway receives. */
export async function buildEcho({
  log,
  https = null,
  closeMs
}: {
  log: ServiceLog
  https?: ServerTls | null
  closeMs: number
}): Promise<Service> {
  const service = buildService({
    closeMs,
    bodies: 'streamed',
    bodyLimitBytes: BODY_LIMIT_BYTES,
    https,
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

/** JSON as its value, other text as it is, and no body as null. */
function readable(body: unknown): unknown {
  if (typeof body !== 'string' || body === '') return null
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}
