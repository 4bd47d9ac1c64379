import { ANNOUNCEMENT_LIFE_MS, type Announcement, type Fleet } from './fleet.ts'
import { MOST_OPEN, type Question, type Questions } from './questions.ts'

/**
 * The fleet of a system in one process.
 * @param monotonicClock in milliseconds
 */
export function memoryFleet(monotonicClock: () => number): Fleet {
  const members = new Map<string, { announcement: Announcement; untilMs: number }>()
  return {
    questions: memoryQuestions(),
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
      return [...members.values()].map(({ announcement, untilMs }) => ({
        ...announcement,
        silentMs: ANNOUNCEMENT_LIFE_MS - (untilMs - now)
      }))
    }
  }
}

function memoryQuestions(): Questions {
  const asked = new Map<
    string,
    { question: Question; command: string | null; answers: Map<string, string> }
  >()
  return {
    async ask(question, command) {
      asked.set(question.id, { question, command: command ?? null, answers: new Map() })
      for (const id of [...asked.keys()].slice(0, -MOST_OPEN)) asked.delete(id)
    },
    commandOf: async (id) => asked.get(id)?.command ?? null,
    open: async () => [...asked.values()].map(({ question }) => question),
    async answer(id, gateway, text) {
      asked.get(id)?.answers.set(gateway, text)
    },
    async answers(id, gateways) {
      const all = [...(asked.get(id)?.answers ?? [])]
      return new Map(all.filter(([gateway]) => gateways.includes(gateway)))
    }
  }
}
