import { problemDocument } from '@gatehouse/problem/document'
import type { Refusal } from '@gatehouse/problem/refusal'
import { grpcStatusOf } from './grpc-status.ts'
import { bytesField, numberField } from './protobuf.ts'

/** The domain of the reasons in `google.rpc.ErrorInfo`. */
const DOMAIN = 'gatehouse'

/**
 * A refusal in the form of gRPC: the fields of a response that ends a call. The code of the problem
 * is the reason in the details of the status (https://grpc.io/docs/guides/error/). A client with a
 * retry policy waits for as long as the refusal says (gRFC A6, server pushback). Pure.
 */
export function grpcFields(refusal: Refusal, requestId: string): Record<string, string> {
  const code = grpcStatusOf(refusal)
  const { title, detail } = problemDocument(refusal, requestId)
  const message = detail === undefined ? title : `${title}: ${detail}`
  const retrySeconds = Number(refusal.headers['retry-after'] ?? 0)
  const details = [
    any('ErrorInfo', Buffer.concat([bytesField(1, refusal.code), bytesField(2, DOMAIN)])),
    any('RequestInfo', bytesField(1, requestId))
  ]
  if (retrySeconds > 0) details.push(any('RetryInfo', bytesField(1, numberField(1, retrySeconds))))
  return {
    'grpc-status': String(code),
    'grpc-message': percentEncoded(message),
    'grpc-status-details-bin': Buffer.concat([
      numberField(1, code),
      bytesField(2, message),
      ...details.map((one) => bytesField(3, one))
    ]).toString('base64'),
    ...(retrySeconds > 0 ? { 'grpc-retry-pushback-ms': String(retrySeconds * 1000) } : {})
  }
}

/** `google.protobuf.Any` with a message of `google.rpc`. */
const any = (type: string, value: Buffer): Buffer =>
  Buffer.concat([bytesField(1, `type.googleapis.com/google.rpc.${type}`), bytesField(2, value)])

/** As `grpc-message` is written: visible ASCII and spaces stay, except `%`. */
const percentEncoded = (message: string): string =>
  Buffer.from(message)
    .toString('latin1')
    .replace(
      /[^ -$&-~]/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
    )
