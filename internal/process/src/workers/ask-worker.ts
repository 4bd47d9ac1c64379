import type { Question, Questions, ToWorker } from './messages.ts'

/** Questions to one worker, and what it owes. */
export type AskWorker = {
  /**
   * Null if there is no answer within the time of the question, or if the worker hangs: it has not
   * answered an earlier question about its state within its time.
   */
  ask<Asked extends Question>(
    question: Asked,
    asked: Questions[Asked]['asked']
  ): Promise<Questions[Asked]['answer'] | null>
  /**
   * for how long it has owed an answer about its state, in milliseconds; 0: it owes none. A
   * request of an operator may take long, and says nothing of the worker.
   */
  owesMs(): number
}

type WorkerQuestions = AskWorker & {
  /** The worker has answered. */
  hear(ask: number, answer: unknown): void
  /** The worker has ended: all questions are answered with null. */
  end(): void
}

/** A worker that hangs must not delay the answers of others. */
const STATE_MS = 1000
/** some requests of operators wait for gateways */
const REQUEST_MS = 60_000
/** How many questions a worker has at a time, so that the channel of one that hangs stays short. */
const MOST_ASKED = 64

type Message = Extract<ToWorker, { readonly ask: number }>

/** A question that the worker has, or that waits for its turn. */
type Asked = {
  readonly message: Message
  readonly isOfState: boolean
  readonly sinceMs: number
  isLate: boolean
}

/**
 * Asks a worker over its channel. A question beyond `MOST_ASKED` waits for its turn, within its own
 * time. That many answers are under way does not show that a worker hangs; only their age does.
 */
export function askWorker(
  send: (message: ToWorker) => void,
  { stateMs, requestMs } = { stateMs: STATE_MS, requestMs: REQUEST_MS }
): WorkerQuestions {
  /** by number; the oldest comes first */
  const owed = new Map<number, Asked>()
  const waiting = new Map<number, Asked>()
  const answers = new Map<number, (answer: unknown) => void>()
  let asks = 0
  let hasEnded = false

  const oldestOfState = (): Asked | undefined => {
    for (const asked of owed.values()) if (asked.isOfState) return asked
    return undefined
  }
  const sendNext = (): void => {
    for (const [ask, asked] of waiting) {
      if (owed.size >= MOST_ASKED) return
      waiting.delete(ask)
      owed.set(ask, asked)
      send(asked.message)
    }
  }
  const giveUp = (ask: number, asked: Asked): void => {
    asked.isLate = true
    // What the worker still owes about its state shows that it hangs.
    if (!asked.isOfState) owed.delete(ask)
    waiting.delete(ask)
    answers.get(ask)?.(null)
    sendNext()
  }

  return {
    ask(question, request) {
      if (hasEnded || oldestOfState()?.isLate) return Promise.resolve(null)
      asks += 1
      const ask = asks
      const isOfState = question !== 'request'
      const message = { ask, request }
      const asked: Asked = { message, isOfState, sinceMs: performance.now(), isLate: false }
      return new Promise((resolve) => {
        const late = setTimeout(() => giveUp(ask, asked), isOfState ? stateMs : requestMs)
        answers.set(ask, (answer) => {
          clearTimeout(late)
          answers.delete(ask)
          resolve(answer as Questions[typeof question]['answer'] | null)
        })
        waiting.set(ask, asked)
        sendNext()
      })
    },
    owesMs() {
      const oldest = oldestOfState()
      return oldest === undefined ? 0 : performance.now() - oldest.sinceMs
    },
    hear(ask, answer) {
      owed.delete(ask)
      answers.get(ask)?.(answer)
      sendNext()
    },
    end() {
      hasEnded = true
      waiting.clear()
      owed.clear()
      for (const answer of answers.values()) answer(null)
    }
  }
}
