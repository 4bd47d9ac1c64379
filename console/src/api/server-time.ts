import { signal } from '@preact/signals'

/** how far the clock of the server is ahead of that of the browser */
let aheadMs = 0

/** The time of the server, in milliseconds since 1970; changes each second. */
export const now = signal(Date.now())

/** @param date the header of a response, which has whole seconds (RFC 9110 §6.6.1) */
export function noteServerTime(date: string | null): void {
  const time = Date.parse(date ?? '')
  if (Number.isNaN(time)) return
  const measured = time + 500 - Date.now()
  // A correction for each rounding would make countdowns jump.
  if (Math.abs(measured - aheadMs) > 1000) aheadMs = measured
}

setInterval(() => {
  now.value = Date.now() + aheadMs
}, 1000)
