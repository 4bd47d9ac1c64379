/** A Close frame without a code, from a server (RFC 6455 §5.5.1). */
export const CLOSE_FRAME = Buffer.from([0x88, 0x00])
/** The same from a client, masked with zeros. */
export const MASKED_CLOSE_FRAME = Buffer.from([0x88, 0x80, 0, 0, 0, 0])
