import type { ArrivedRequest } from './arrived-request.ts'

/** RFC 6797 §6.1 */
export const hstsHeader = 'strict-transport-security'

/**
 * What a response says about TLS: the browser uses only TLS from now on. Null over plain HTTP,
 * where anyone on the network could send that header (RFC 6797 §7.2).
 * @param hsts null: it is not sent
 */
export const hstsFor = (
  { hop }: Pick<ArrivedRequest, 'hop'>,
  hsts: string | null
): string | null => (hop?.protocol === 'https' ? hsts : null)
