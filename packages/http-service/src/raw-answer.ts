import { randomUUID } from 'node:crypto'
import { PROBLEM_MEDIA_TYPE, problemDocument } from '@gatehouse/problem/document'
import type { Refusal } from '@gatehouse/problem/refusal'

const statusText: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large'
}

/** The bytes of an answer to what no handler will ever see; the last one of its connection. */
export function rawAnswer(refusal: Refusal): string {
  const body = JSON.stringify(problemDocument(refusal, randomUUID()))
  return [
    `HTTP/1.1 ${refusal.status} ${statusText[refusal.status] ?? 'Error'}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
    '',
    body
  ].join('\r\n')
}
