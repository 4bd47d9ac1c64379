import { parentPort } from 'node:worker_threads'
import { bcryptVerify } from 'hash-wasm'
import type { BcryptQuestion } from './bcrypt-threads.ts'

// Runs in a thread. Each message is a question; the answer is whether the password matches the
// hash.
parentPort?.on('message', async ({ passwordHash, password }: BcryptQuestion) => {
  parentPort?.postMessage(await bcryptVerify({ hash: passwordHash, password }))
})
