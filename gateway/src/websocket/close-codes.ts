/** How the gateway itself ends a WebSocket (RFC 6455 §7.4); what the two ends say to each other is passed on. */
export const closeCode = {
  /** the token has expired or is revoked; the reason is the error's code (IANA: 3000, Unauthorized) */
  unauthorized: 3000,
  /** the gateway goes down: connect again */
  goingAway: 1001,
  /** the service broke off (IANA: 1014, Bad Gateway) */
  badGateway: 1014
} as const

/** A code that may stand in a close frame (RFC 6455 §7.4.2); others only tell of a connection without one. */
export const isSendable = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) ||
  (code >= 3000 && code <= 4999)
