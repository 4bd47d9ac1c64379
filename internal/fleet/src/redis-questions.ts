import type { RedisConnection } from '@gatehouse/redis/connection'
import { Value } from 'typebox/value'
import { LONGEST_ANSWER, MOST_OPEN, Question, type Questions } from './questions.ts'

/** Longer than anyone waits for answers. */
const LIFE_SECONDS = 30

/**
 * Questions in Redis: a sorted set of those that are open, by the time of asking, and a hash of
 * answers for each.
 * @param prefix of the keys, with the hash tag of the fleet
 */
export function redisQuestions(
  redis: RedisConnection,
  prefix: string,
  clock: () => number
): Questions {
  const open = `${prefix}:questions`
  const answersOf = (id: string) => `${prefix}:answers:${id}`
  return {
    async ask(question) {
      await redis.zadd(open, clock(), JSON.stringify(question))
      await redis.zremrangebyrank(open, 0, -MOST_OPEN - 1)
      await redis.expire(open, LIFE_SECONDS)
    },
    // Others can write more of them. A gateway that reads them all would be slow for its clients.
    open: async () => (await redis.zrange(open, String(-MOST_OPEN), '-1')).flatMap(decode),
    async answer(id, gateway, text) {
      await redis.hset(answersOf(id), gateway, text)
      await redis.expire(answersOf(id), LIFE_SECONDS)
    },
    async answers(id, gateways) {
      const texts = await redis.hmget(answersOf(id), ...gateways)
      const answers = new Map<string, string>()
      for (const [index, gateway] of gateways.entries()) {
        const text = texts[index] ?? null
        if (text !== null && text.length <= LONGEST_ANSWER) answers.set(gateway, text)
      }
      return answers
    }
  }
}

/** A text that is not a valid question is ignored. */
function decode(text: string): Question[] {
  try {
    const value: unknown = JSON.parse(text)
    return Value.Check(Question, value) ? [value] : []
  } catch {
    return []
  }
}
