import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** A file of a page, which browsers keep until its tag changes. */
export type ServedFile = {
  /** its media type */
  readonly type: string
  readonly content: Buffer
  /** as in the `etag` header */
  readonly tag: string
}

export function tagged(type: string, content: Buffer): ServedFile {
  const tag = `"${createHash('sha256').update(content).digest('base64url')}"`
  return { type, content, tag }
}

/** Sends a file, or 304 to a browser that has it. */
export function sendFile(
  { type, content, tag }: ServedFile,
  headers: Readonly<Record<string, string>>,
  request: FastifyRequest,
  reply: FastifyReply
): FastifyReply {
  reply.headers({ ...headers, etag: tag })
  if (request.headers['if-none-match'] === tag) return reply.code(304).send()
  return reply.header('content-type', type).send(content)
}
