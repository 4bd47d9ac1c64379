import type { Attempt } from '../../outbox/delivery.ts'

/** Letters of one domain that are due. */
export type DueLetters = { readonly domain: string; readonly count: number }

/**
 * How many letters this process sends at the same time. A stranger can cause letters to domains
 * whose servers answer slowly, so the domains share these places.
 */
export type MailPlaces = {
  /**
   * How many letters may be in progress for each domain. A domain without a free place is absent.
   * @param due those that wait longest first
   * @param most how many letters may be in progress in all
   */
  offer(due: readonly DueLetters[], most: number): ReadonlyMap<string, number>
  /** Some of the domains that accepted a letter recently. */
  trusted(): string[]
  begin(domain: string): void
  end(domain: string, attempt: Attempt): void
}

/** how long the last result of a domain is remembered */
const REMEMBERED_MS = 3_600_000
const MOST_REMEMBERED = 10_000
/** how many of them one round looks for */
const MOST_TRUSTED = 1000

type Seen = { readonly isSlow: boolean; readonly atMs: number }

export function mailPlaces(clock: () => number): MailPlaces {
  const inProgress = new Map<string, number>()
  const seen = new Map<string, Seen>()
  const countOf = (domain: string): number => inProgress.get(domain) ?? 0
  const lastOf = (domain: string): Seen | null => {
    const last = seen.get(domain)
    return last === undefined || clock() - last.atMs > REMEMBERED_MS ? null : last
  }
  const isTrusted = (domain: string): boolean => lastOf(domain)?.isSlow === false
  return {
    trusted: () => [...seen.keys()].filter(isTrusted).slice(-MOST_TRUSTED),
    offer(due, most) {
      const offers = new Map<string, number>()
      let free = most - [...inProgress.values()].reduce((sum, count) => sum + count, 0)
      for (const { domain, count } of due) {
        // One place is reserved for domains that accepted a letter recently.
        const kept = isTrusted(domain) || most <= 2 ? 0 : 1
        const own = countOf(domain)
        const room = Math.min(count, shareOf(lastOf(domain), most) - own, free - kept)
        if (room <= 0) continue
        offers.set(domain, own + room)
        free -= room
      }
      return offers
    },
    begin(domain) {
      inProgress.set(domain, countOf(domain) + 1)
    },
    end(domain, attempt) {
      const left = countOf(domain) - 1
      if (left > 0) inProgress.set(domain, left)
      else inProgress.delete(domain)
      const isSlow = attempt.outcome === 'failed' && attempt.fault === 'recipient-timeout'
      if (!isSlow && attempt.outcome !== 'delivered') return
      seen.delete(domain)
      seen.set(domain, { isSlow, atMs: clock() })
      const [oldest] = seen.keys()
      if (seen.size > MOST_REMEMBERED && oldest !== undefined) seen.delete(oldest)
    }
  }
}

/** How many letters may be in progress for one domain. */
function shareOf(last: Seen | null, most: number): number {
  if (last === null) return Math.max(1, Math.floor(most / 2))
  return last.isSlow ? 1 : most
}
