import { parentPort, workerData } from 'node:worker_threads'
import { poster } from '../poster.ts'

export type Flood = { readonly url: string; readonly round: number; readonly clients: number }

/** A tenth of the time that `Retry-After` asks for. */
const PAUSE_MS = 100

/**
 * A thread of clients that try to sign in to accounts that do not exist, a different one each time,
 * so that only the hash limits them.
 */
const { url, round, clients } = workerData as Flood
const post = poster(url, clients)
const statuses = new Map<number, number>()
let ending = false
parentPort?.once('message', () => {
  ending = true
})

async function client(name: number): Promise<void> {
  for (let guess = 0; !ending; guess++) {
    const email = `flood-${round}-${name}-${guess}@example.com`
    const { status } = await post('/login', { email, password: 'correct horse battery' })
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (status === 503) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

await Promise.all(Array.from({ length: clients }, (_, name) => client(name)))
parentPort?.postMessage(statuses)
