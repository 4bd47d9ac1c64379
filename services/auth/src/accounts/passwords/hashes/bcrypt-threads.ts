import { Worker } from 'node:worker_threads'

/** The question to a thread. */
export type BcryptQuestion = { readonly passwordHash: string; readonly password: Uint8Array }

const idle: Worker[] = []

/**
 * Verifies a bcrypt hash in a thread: Node.js has no bcrypt, and WebAssembly would block the event
 * loop. The first hash starts the first thread. There are never more threads than simultaneous
 * verifications, which the queue of hashes limits.
 */
export async function bcryptInThread(question: BcryptQuestion): Promise<boolean> {
  const thread = idle.pop() ?? newThread()
  thread.ref()
  const matches = await answerOf(thread, question)
  // A thread that failed is not used again.
  thread.unref()
  idle.push(thread)
  return matches
}

function newThread(): Worker {
  const thread = new Worker(new URL('./bcrypt-thread.ts', import.meta.url))
  // Without a listener, a fault of a thread that has nothing to do would end the process.
  thread.on('error', () => {})
  thread.once('exit', () => {
    const at = idle.indexOf(thread)
    if (at >= 0) idle.splice(at, 1)
  })
  return thread
}

function answerOf(thread: Worker, question: BcryptQuestion): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const onExit = () => reject(new Error('a thread for bcrypt ended'))
  thread.once('message', resolve).once('error', reject).once('exit', onExit)
  thread.postMessage(question)
  return promise.finally(() => {
    thread.off('message', resolve).off('error', reject).off('exit', onExit)
  })
}
