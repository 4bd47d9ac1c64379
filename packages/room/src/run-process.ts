import { fileFault } from '@gatehouse/settings/file-fault'
import closeWithGrace from 'close-with-grace'
import type { Room } from './room.ts'
import type { StartMessage } from './start-message.ts'

const DRAIN_MS = 10_000

/**
 * The life of a process: start, run, and on SIGTERM or Ctrl-C drain and exit 0. A start that fails says why in plain
 * words (a fault of the settings is one for the operator, not a stack trace) and exits 1. A hangup ends it, too, unless it is
 * to read again what can change.
 */
export async function runProcess(
  start: () => Promise<Room>,
  { onHangup = 'end' }: { onHangup?: 'end' | 'reload' } = {}
): Promise<void> {
  const starting = start()
  let ending = false
  // From the first moment on: the first process of a container ignores a signal that it has no handler for.
  const skip = onHangup === 'reload' ? (['SIGHUP'] as const) : []
  const life = closeWithGrace({ delay: DRAIN_MS, skip: [...skip] }, async ({ err }) => {
    ending = true
    if (err) process.stderr.write(`${explain(err)}\n`)
    const started = await starting.catch(() => null)
    await started?.close()
  })
  // Heard from the first moment on, like the others: unheard, it would end the process.
  if (onHangup === 'reload') {
    process.on('SIGHUP', () => {
      void starting.then((started) => started.reload?.()).catch(() => {})
    })
  }
  // The one who started this process is gone: so is its reason to be. No signal: a second one would cut the drain short.
  process.once('disconnect', () => {
    if (!ending) life.close()
  })
  let room: Room
  try {
    room = await starting
  } catch (error) {
    life.uninstall()
    process.stderr.write(`${explain(error)}\n`)
    await tell({ failed: { code: codeOf(error) } })
    process.exit(1)
  }
  await tell({ ready: { url: room.url, opsUrl: room.opsUrl } })
}

/** Nobody may be listening any more, which is no fault of this process. */
function tell(message: StartMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'StartFault') return `Cannot start: ${error.message}`
  const reason = fileFault(error)
  if (reason !== null && 'path' in error) return `Cannot start: ${error.path}: ${reason}`
  return error.name === 'SettingsFault' ? error.message : (error.stack ?? error.message)
}
