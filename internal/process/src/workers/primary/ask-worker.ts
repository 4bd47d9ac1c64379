import type { Question, Questions, ToWorker } from '../messages.ts'

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

/** The questions to one worker. */
type Channel = {
  readonly send: (message: ToWorker) => void
  readonly stateMs: number
  readonly requestMs: number
  /** those that the worker has, by number; the oldest comes first */
  readonly owed: Map<number, Asked>
  /** those that wait for their turn */
  readonly waiting: Map<number, Asked>
  readonly answers: Map<number, (answer: unknown) => void>
  /** how many were asked */
  asks: number
  hasEnded: boolean
}

/**
 * Asks a worker over its channel. A question beyond `MOST_ASKED` waits for its turn, within its own
 * time. Many open questions do not show that a worker hangs; only their age does.
 */
export function askWorker(
  send: (message: ToWorker) => void,
  { stateMs, requestMs } = { stateMs: STATE_MS, requestMs: REQUEST_MS }
): WorkerQuestions {
  const channel: Channel = {
    send,
    stateMs,
    requestMs,
    owed: new Map(),
    waiting: new Map(),
    answers: new Map(),
    asks: 0,
    hasEnded: false
  }
  const { owed, waiting, answers } = channel
  return {
    ask: (question, request) => ask(channel, question, request),
    owesMs() {
      const oldest = oldestOfState(channel)
      return oldest === undefined ? 0 : performance.now() - oldest.sinceMs
    },
    hear(number, answer) {
      owed.delete(number)
      answers.get(number)?.(answer)
      sendNext(channel)
    },
    end() {
      channel.hasEnded = true
      waiting.clear()
      owed.clear()
      for (const answer of answers.values()) answer(null)
    }
  }
}

function ask<Kind extends Question>(
  channel: Channel,
  question: Kind,
  request: Questions[Kind]['asked']
): Promise<Questions[Kind]['answer'] | null> {
  if (channel.hasEnded || oldestOfState(channel)?.isLate) return Promise.resolve(null)
  channel.asks += 1
  const number = channel.asks
  const { answers, waiting, stateMs, requestMs } = channel
  const isOfState = question !== 'request'
  const message = { ask: number, request }
  const asked: Asked = { message, isOfState, sinceMs: performance.now(), isLate: false }
  return new Promise((resolve) => {
    const late = setTimeout(() => giveUp(channel, asked), isOfState ? stateMs : requestMs)
    answers.set(number, (answer) => {
      clearTimeout(late)
      answers.delete(number)
      resolve(answer as Questions[Kind]['answer'] | null)
    })
    waiting.set(number, asked)
    sendNext(channel)
  })
}

function oldestOfState({ owed }: Channel): Asked | undefined {
  for (const asked of owed.values()) if (asked.isOfState) return asked
  return undefined
}

function sendNext({ send, owed, waiting }: Channel): void {
  for (const [number, asked] of waiting) {
    if (owed.size >= MOST_ASKED) return
    waiting.delete(number)
    owed.set(number, asked)
    send(asked.message)
  }
}

function giveUp(channel: Channel, asked: Asked): void {
  const { owed, waiting, answers } = channel
  const { ask: number } = asked.message
  asked.isLate = true
  // What the worker still owes about its state shows that it hangs.
  if (!asked.isOfState) owed.delete(number)
  waiting.delete(number)
  answers.get(number)?.(null)
  sendNext(channel)
}
