import { type Static, Type } from 'typebox'

/** path and query of a request, in characters; the gateway refuses a longer one */
export const LONGEST_PATH = 8192
/** How many questions can be open. Another one takes the place of the oldest. */
export const MOST_OPEN = 16
/** How many gateways one question can be for. */
export const MOST_ASKED = 64
/** in bytes: what the limits below allow, with JSON escapes */
export const LONGEST_QUESTION = 128 * 1024
/** in bytes; a longer answer is ignored */
export const LONGEST_ANSWER = 512 * 1024

/** What an operator asks gateways about their route tables, or tells them to do. */
export const Question = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64 }),
  /** the ids of the gateways that should answer */
  to: Type.Array(Type.String({ maxLength: 64 }), { maxItems: MOST_ASKED }),
  /** the request whose route is sought; null: the whole table */
  request: Type.Union([
    Type.Object({
      method: Type.String({ maxLength: 32 }),
      path: Type.String({ maxLength: LONGEST_PATH })
    }),
    Type.Null()
  ]),
  /** whether it is a command, whose text is stored apart; earlier versions do not know commands */
  isCommand: Type.Optional(Type.Boolean())
})
export type Question = Static<typeof Question>

/**
 * Questions to gateways, which have no address that the auth service knows. Each call throws if the
 * store is unreachable.
 */
export type Questions = {
  /** @param command the signed command, if the question is one */
  ask(question: Question, command?: string): Promise<void>
  /** The signed command of a question; null if there is none. */
  commandOf(id: string): Promise<string | null>
  /** The questions that are open now, for gateways. */
  open(): Promise<Question[]>
  /** Answers a question, as a gateway. */
  answer(id: string, gateway: string, text: string): Promise<void>
  /** The answers of these gateways to a question so far, by the id of the gateway. */
  answers(id: string, gateways: readonly string[]): Promise<ReadonlyMap<string, string>>
}
