/** How often each connection over HTTP/1.1 looks at its limits of time. */
export const TICK_MS = 500
