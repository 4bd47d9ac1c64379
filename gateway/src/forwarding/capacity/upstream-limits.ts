export type UpstreamLimits = {
  /** how long a service may take to begin its response */
  readonly responseMs: number
  /** the maximum number of requests in flight to one address of a service */
  readonly placesPerAddress: number
  /** the maximum number of WebSockets to one address of a service */
  readonly webSocketsPerAddress: number
  /** how much of these one caller may use, in percent of what all others leave */
  readonly sharePercent: number
  /** the memory for responses that wait for clients, in bytes */
  readonly unreadBytes: number
}
