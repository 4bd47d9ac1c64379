import { ANNOUNCEMENT_LIFE_MS, type Announcement, type Fleet } from './fleet.ts'

/**
 * The fleet of a system in one process.
 * @param monotonicClock in milliseconds
 */
export function memoryFleet(monotonicClock: () => number): Fleet {
  const members = new Map<string, { announcement: Announcement; untilMs: number }>()
  return {
    async announce(announcement) {
      members.set(announcement.id, {
        announcement,
        untilMs: monotonicClock() + ANNOUNCEMENT_LIFE_MS
      })
    },
    async leave(id) {
      members.delete(id)
    },
    // No member can be cut off within one process.
    async assertionJwks() {
      return [...members.values()].map(({ announcement }) => announcement.assertionJwk)
    },
    async live() {
      const now = monotonicClock()
      for (const [id, { untilMs }] of members) if (untilMs <= now) members.delete(id)
      return [...members.values()].map(({ announcement }) => announcement)
    }
  }
}
