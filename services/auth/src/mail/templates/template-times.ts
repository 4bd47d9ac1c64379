/** A time as letters name it: `2026-11-29 17:20`, in UTC. */
export const minuteOf = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 16).replace('T', ' ')

/** A lifetime as letters name it, in full hours. */
export const hoursOf = (seconds: number): string => String(Math.floor(seconds / 3600))

/** The same in full minutes. */
export const minutesOf = (seconds: number): string => String(Math.floor(seconds / 60))
