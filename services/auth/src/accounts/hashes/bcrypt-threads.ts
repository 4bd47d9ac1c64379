import { Worker } from 'node:worker_threads'

/** What a thread verifies. */
export type BcryptQuestion = { readonly passwordHash: string; readonly password: Uint8Array }

const idle: Worker[] = []

/**
 * Verifies a bcrypt hash in a thread: Node.js has no bcrypt, and WebAssembly would hold up the event loop. There are as many
 * threads as hashes were ever verified at a time, which the queue of hashes bounds. The first hash starts the first thread.
 */
export async function bcryptInThread(question: BcryptQuestion): Promise<boolean> {
  const thread = idle.pop() ?? newThread()
  thread.ref()
  const matches = await answerOf(thread, question)
  // One that failed is not used again.
  thread.unref()
  idle.push(thread)
  return matches
}

const newThread = (): Worker => new Worker(new URL('./bcrypt-thread.ts', import.meta.url))

function answerOf(thread: Worker, question: BcryptQuestion): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const onExit = () => reject(new Error('a thread for bcrypt ended'))
  thread.once('message', resolve).once('error', reject).once('exit', onExit)
  thread.postMessage(question)
  return promise.finally(() => {
    thread.off('message', resolve).off('error', reject).off('exit', onExit)
  })
}
