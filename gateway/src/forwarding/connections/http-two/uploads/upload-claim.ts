import { isGrpc } from '../../../../grpc/is-grpc.ts'
import type { AskedRequest } from '../../connections.ts'

/** What an upload may need of the window that it shares with others. */
export type Claim = {
  /** whether it is a gRPC call */
  readonly isCall: boolean
  /** the length of the body; Infinity: not known */
  readonly bytes: number
}

/** The claim of a request; null: it has no body. Pure. */
export function claimOf({ body, headers }: Pick<AskedRequest, 'body' | 'headers'>): Claim | null {
  if (body === null || body === undefined) return null
  if (Buffer.isBuffer(body)) return { isCall: false, bytes: body.length }
  const { 'content-type': type, 'content-length': length } = headers as Record<string, string>
  return {
    isCall: isGrpc(type),
    bytes: length === undefined ? Number.POSITIVE_INFINITY : Number(length)
  }
}

/**
 * How much of the window an upload may hold that is not read, in bytes. Pure.
 * @param streamWindow what one stream may hold
 */
export const mostHeld = ({ bytes, isCall }: Claim, streamWindow: number): number =>
  isCall ? 0 : Math.min(bytes, streamWindow)
