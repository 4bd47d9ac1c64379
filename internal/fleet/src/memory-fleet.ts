import { type Fleet, HEARTBEAT_LIFE_MS, type Heartbeat } from './fleet.ts'

/** The fleet of a system in one process. */
export function memoryFleet(clock: () => number): Fleet {
  const members = new Map<string, { heartbeat: Heartbeat; untilMs: number }>()
  return {
    async announce(heartbeat) {
      members.set(heartbeat.id, { heartbeat, untilMs: clock() + HEARTBEAT_LIFE_MS })
    },
    async leave(id) {
      members.delete(id)
    },
    // No member can be cut off within one process.
    async assertionJwks() {
      return [...members.values()].map(({ heartbeat }) => heartbeat.assertionJwk)
    },
    async live() {
      const now = clock()
      for (const [id, { untilMs }] of members) if (untilMs <= now) members.delete(id)
      return [...members.values()].map(({ heartbeat }) => heartbeat)
    }
  }
}
