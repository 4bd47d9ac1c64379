import closeWithGrace from 'close-with-grace'
import type { Room } from './room.ts'

const DRAIN_MS = 10_000

/** What a child process tells the one that started it, over their channel. */
export type ReadyMessage = { readonly ready: { readonly url: string; readonly opsUrl: string } }

/**
 * The life of a process: start, run, and on SIGTERM or Ctrl-C drain and exit 0. A start that fails says why in plain
 * words (a fault of the settings is one for the operator, not a stack trace) and exits 1.
 */
export async function runProcess(start: () => Promise<Room>): Promise<void> {
  const starting = start()
  // From the first moment on: the first process of a container ignores a signal that it has no handler for.
  const life = closeWithGrace({ delay: DRAIN_MS }, async ({ err }) => {
    if (err) process.stderr.write(`${explain(err)}\n`)
    const started = await starting.catch(() => null)
    await started?.close()
  })
  let room: Room
  try {
    room = await starting
  } catch (error) {
    life.uninstall()
    process.stderr.write(`${explain(error)}\n`)
    process.exit(1)
  }
  // The one who started this process is gone: so is its reason to be.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.send?.({ ready: { url: room.url, opsUrl: room.opsUrl } } satisfies ReadyMessage)
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'EADDRINUSE') return `Cannot start: ${error.message}`
  return error.name === 'SettingsFault' ? error.message : (error.stack ?? error.message)
}
