import { fileFault } from '@gatehouse/settings/file-fault'
import closeWithGrace from 'close-with-grace'
import type { RunningService } from './running-service.ts'
import type { StartMessage } from './start-message.ts'

/** how long a start may go on after a signal */
const START_MS = 10_000

/**
 * The life of a process: start, run, and on SIGTERM or Ctrl-C drain and exit 0. A second signal ends it at once, with exit code 1. A start that fails says why in plain
 * words (a fault of the settings is one for the operator, not a stack trace) and exits 1. A hangup ends it, too, unless it is
 * to read again what can change.
 */
export async function runProcess(
  start: () => Promise<RunningService>,
  { onHangup = 'end' }: { onHangup?: 'end' | 'reload' } = {}
): Promise<void> {
  const starting = start()
  let ending = false
  // From the first moment on: the first process of a container ignores a signal that it has no handler for.
  const skip = onHangup === 'reload' ? (['SIGHUP'] as const) : []
  const life = closeWithGrace({ delay: null, skip: [...skip] }, async ({ err }) => {
    ending = true
    if (err) process.stderr.write(`${explain(err)}\n`)
    const started = await within(
      START_MS,
      starting.catch(() => null)
    )
    if (started === null) return
    await within(started.endsWithinMs, end(started, err === undefined))
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
  let service: RunningService
  try {
    service = await starting
  } catch (error) {
    life.uninstall()
    process.stderr.write(`${explain(error)}\n`)
    await tell({ failed: { code: codeOf(error) } })
    process.exit(1)
  }
  const { url, opsUrl, endsWithinMs } = service
  await tell({ ready: { url, opsUrl, endsWithinMs } })
}

/** After a bug, a process serves nothing but what is under way. */
async function end(service: RunningService, isSound: boolean): Promise<void> {
  if (isSound) await service.drain?.()
  await service.close()
}

/** @throws Error where it takes longer */
async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not closed within ${limitMs / 1000} s`)), limitMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
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
  const isMendable = error.name === 'StartFault' || codeOf(error) === 'EADDRINUSE'
  if (isMendable) return `Cannot start: ${error.message}`
  const reason = fileFault(error)
  if (reason !== null && 'path' in error) return `Cannot start: ${error.path}: ${reason}`
  return error.name === 'SettingsFault' ? error.message : (error.stack ?? error.message)
}
