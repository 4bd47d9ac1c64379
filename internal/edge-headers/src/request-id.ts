import { traceHeader } from './names.ts'

const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

/**
 * The id of a request: the one that it contains if that is well-formed and so safe in a log, or a
 * new one.
 */
export function requestId(
  headers: Readonly<Record<string, string | string[] | undefined>>
): string {
  const given = headers[traceHeader.requestId]
  return typeof given === 'string' && WELL_FORMED.test(given) ? given : crypto.randomUUID()
}
