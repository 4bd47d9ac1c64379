import { randomUUID } from 'node:crypto'
import { PROBLEM_MEDIA_TYPE, problemDocument } from '@gatehouse/problem/document'
import type { Refusal } from '@gatehouse/problem/refusal'

const statusText: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large'
}

/** A response to bytes that no handler will ever see. */
export function responseOf(refusal: Refusal) {
  const body = JSON.stringify(problemDocument(refusal, randomUUID()))
  const headers = {
    'content-type': PROBLEM_MEDIA_TYPE,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store'
  }
  return { status: refusal.status, headers, body }
}

/** Its bytes, as the last response of the connection. */
export function rawResponse(refusal: Refusal): string {
  const { status, headers, body } = responseOf(refusal)
  const lines = Object.entries({ ...headers, connection: 'close' })
  return [
    `HTTP/1.1 ${status} ${statusText[status] ?? 'Error'}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    '',
    body
  ].join('\r\n')
}
