import type { Question, Questions } from '@gatehouse/fleet/questions'

/** An operator waits for the answer. */
const INTERVAL_MS = 1000

type AnsweringGateway = {
  readonly questions: Pick<Questions, 'open' | 'answer'>
  /** of this gateway */
  readonly id: string
  /** null: there is no answer */
  readonly answerTo: (question: Question) => Promise<string | null>
  /** is called when the store cannot be read or written */
  readonly onFault: (error: unknown) => void
  readonly intervalMs?: number
}

/** Looks regularly for questions to this gateway, and answers each once. Returns how to stop. */
export function answerQuestions({
  questions,
  id,
  answerTo,
  onFault,
  intervalMs = INTERVAL_MS
}: AnsweringGateway): () => void {
  let answered = new Set<string>()
  let isBusy = false
  const answer = async (question: Question): Promise<void> => {
    const text = await answerTo(question)
    if (text !== null) await questions.answer(question.id, id, text)
  }
  const look = async (): Promise<void> => {
    const open = await questions.open()
    const own = open.filter(({ to }) => to.includes(id))
    for (const question of own) {
      if (answered.has(question.id)) continue
      answered.add(question.id)
      // A command may take seconds: the other questions do not wait for it.
      void answer(question).catch(onFault)
    }
    answered = new Set(own.map((question) => question.id))
  }
  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    look()
      .catch(onFault)
      .finally(() => {
        isBusy = false
      })
  }, intervalMs).unref()
  return () => clearInterval(timer)
}
