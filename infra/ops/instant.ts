import { BadUsage } from './failures.ts'

const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `Date.parse` also takes a number such as 7, as a month or a year. */
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/

/**
 * Reads a time that was typed: a date, or a duration before now.
 * @param option its name, for the message
 * @throws BadUsage
 */
export function instant(option: string, text: string, nowMs: number): string {
  const [, amount, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const ms =
    amount === undefined
      ? Date.parse(DATE.test(text) ? text : '')
      : nowMs - Number(amount) * (unitMs[unit] ?? 0)
  if (Number.isNaN(new Date(ms).getTime()))
    throw new BadUsage(
      `--${option}: ${text} is neither a date (2026-11-23, 2026-11-23T10:00Z) nor a duration (30m, 12h, 7d).`
    )
  return new Date(ms).toISOString()
}
