/**
 * The codes with which the gateway itself closes a WebSocket (RFC 6455 §7.4). Codes of the two
 * sides are passed on.
 */
export const closeCode = {
  /**
   * the token has expired or is revoked; the reason is the error's code (IANA: 3000, Unauthorized)
   */
  unauthorized: 3000,
  /** the gateway shuts down: connect again */
  goingAway: 1001,
  /** the connection to the service broke (IANA: 1014, Bad Gateway) */
  badGateway: 1014,
  /** the memory for messages is taken: try again later (IANA: 1013) */
  tryAgainLater: 1013,
  /** a flood of control frames (RFC 6455 §7.4.1) */
  policyViolation: 1008
} as const

/**
 * A code that is allowed in a close frame (RFC 6455 §7.4.2). Other codes only describe connections
 * that ended without one.
 */
export const isSendable = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) ||
  (code >= 3000 && code <= 4999)

/** RFC 6455 §7.4.1 */
const PROTOCOL_ERROR = 1002
/** RFC 6455 §7.1.5: a connection without a close frame */
const VANISHED = 1006

const codeOfError: Readonly<Record<string, number>> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009
}

/**
 * The code with which `ws` closes a connection on which it has read an invalid frame; 1006 if the
 * connection itself failed.
 */
export function codeOfFault({ code = '' }: NodeJS.ErrnoException): number {
  const invalid = code.startsWith('WS_ERR_') ? PROTOCOL_ERROR : VANISHED
  return codeOfError[code] ?? invalid
}
