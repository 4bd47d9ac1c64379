/**
 * The media types of gRPC over HTTP/2
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), without those of gRPC-Web.
 */
const GRPC = /^application\/grpc(?:\+[\w.+-]+)?[ \t]*(?:;|$)/i

/** Whether the content of a request or a response consists of gRPC messages. Pure. */
export const isGrpc = (contentType: string | undefined): boolean =>
  contentType !== undefined && GRPC.test(contentType)
