import { Value } from 'typebox/value'
import { LONGEST_COMMAND } from './commands.ts'
import type { FleetScripts } from './fleet-scripts.ts'
import {
  LONGEST_ANSWER,
  LONGEST_QUESTION,
  MOST_OPEN,
  Question,
  type Questions
} from './questions.ts'

/** The field of a command, next to the answers, whose fields are the ids of gateways. */
const COMMAND = 'command'
/** Longer than anyone waits for answers. */
const LIFE_SECONDS = 30

/**
 * Questions in Redis: a sorted set of those that are open, by the time of asking, and a hash of
 * answers for each, which also has the command.
 * @param prefix of the keys, with the hash tag of the fleet
 */
export function redisQuestions(
  scripts: FleetScripts,
  prefix: string,
  clock: () => number
): Questions {
  const open = `${prefix}:questions`
  const answersOf = (id: string) => `${prefix}:answers:${id}`
  return {
    async ask(question, command) {
      // Before the question, which gateways read with it.
      if (command !== undefined) {
        await scripts.answer(answersOf(question.id), COMMAND, command, LIFE_SECONDS)
      }
      await scripts.ask(open, clock(), JSON.stringify(question), MOST_OPEN, LIFE_SECONDS)
    },
    commandOf: (id) => scripts.field(answersOf(id), COMMAND, LONGEST_COMMAND),
    // Others can write more of them. A gateway that reads them all would be slow for its clients.
    open: async () =>
      (await scripts.lastMembers(open, LONGEST_QUESTION, MOST_OPEN)).flatMap(decode),
    answer: (id, gateway, text) => scripts.answer(answersOf(id), gateway, text, LIFE_SECONDS),
    async answers(id, gateways) {
      const texts = await scripts.fields(answersOf(id), gateways, LONGEST_ANSWER)
      const answers = new Map<string, string>()
      for (const [index, gateway] of gateways.entries()) {
        const text = texts[index] ?? null
        if (text !== null) answers.set(gateway, text)
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
