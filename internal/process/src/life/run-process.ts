import { errorLine } from '@gatehouse/http-service/service-log'
import { Refusal } from '@gatehouse/problem/refusal'
import { fileFault } from '@gatehouse/settings/file-fault'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import closeWithGrace from 'close-with-grace'
import type { RunningService } from '../start/running-service.ts'
import { StartFault } from '../start/start-fault.ts'
import type { StartMessage } from '../start/start-message.ts'
import { tellParent } from '../start/tell-parent.ts'
import { followOrders } from '../workers/as-worker.ts'
import { StartFaultOfWorker } from '../workers/start-fault-of-worker.ts'
import { releaseStart } from './release-start.ts'

/** how long a start may continue after a signal */
const START_MS = 10_000

/**
 * The life of a process: it starts, runs, and on SIGTERM or Ctrl-C drains and exits with 0. A
 * second signal ends it at once, with exit code 1. If the start fails, it prints the reason (for a
 * fault of the settings, a message for the operator and no stack trace) and exits with 1. SIGHUP
 * also ends it, unless it makes the process read its files again. SIGUSR2 replaces its workers,
 * or ends it if it has none. A worker gets the same orders from its primary process.
 */
export async function runProcess(
  start: () => Promise<RunningService>,
  { onHangup = 'end' }: { onHangup?: OnHangup } = {}
): Promise<void> {
  // A reader of the output that has gone, such as a restarted log shipper, must not end the
  // process.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  const starting = start()
  // Handled from the first moment on, because the first process of a container ignores a signal
  // without a handler, and others end by it.
  const life = endGracefully(starting, onHangup)
  takeOrders(starting, life.close, onHangup)
  let service: RunningService
  try {
    service = await starting
  } catch (error) {
    life.uninstall()
    const reason = explain(error)
    if (reason !== null) process.stderr.write(`${reason}\n`)
    await tellParent<StartMessage>({ failed: { code: codeOf(error) } })
    process.exit(1)
  }
  releaseStart()
  const { url, opsUrl, endsWithinMs } = service
  await tellParent<StartMessage>({ ready: { url, opsUrl, endsWithinMs } })
}

type OnHangup = 'end' | 'reload'

/** Ends the process at a signal, a bug, or a call of `close`: at the first of them. */
function endGracefully(starting: Promise<RunningService>, onHangup: OnHangup) {
  let isEnding = false
  const skip = onHangup === 'reload' ? ['SIGHUP' as const] : []
  const life = closeWithGrace({ delay: null, skip: [...skip, 'SIGUSR2'] }, async ({ err }) => {
    isEnding = true
    if (err) process.stderr.write(`${explain(err)}\n`)
    try {
      const started = await within(
        START_MS,
        starting.catch(() => null),
        'started'
      )
      if (started === null) return
      await within(started.endsWithinMs, end(started, err === undefined), 'closed')
    } catch (error) {
      if (!(error instanceof TooLate)) throw error
      process.stderr.write(`${error.message}\n`)
      process.exit(1)
    }
  })
  return {
    uninstall: () => life.uninstall(),
    close() {
      if (!isEnding) life.close()
    }
  }
}

/** Takes the orders that do not simply end the process. */
function takeOrders(
  starting: Promise<RunningService>,
  close: () => void,
  onHangup: OnHangup
): void {
  const reload = (): void => {
    void starting.then((started) => started.reload?.()).catch(() => {})
  }
  if (onHangup === 'reload') process.on('SIGHUP', reload)
  // The process that started this one has exited, so this one ends too. Not by a signal, because a
  // second one would cut the drain short.
  process.once('disconnect', close)
  followOrders({ end: close, reload })
  process.on('SIGUSR2', () => {
    void starting.then(({ replaceWorkers }) => (replaceWorkers ?? close)()).catch(() => {})
  })
}

/** After a bug, a process only completes the requests in flight. */
async function end(service: RunningService, isSound: boolean): Promise<void> {
  if (isSound) await service.drain?.()
  await service.close()
}

/** A start or an end has taken too long, most often because a store does not answer. */
class TooLate extends Error {
  override readonly name = 'TooLate'
}

/** @throws TooLate if it takes longer */
async function within<Result>(
  limitMs: number,
  work: Promise<Result>,
  what: string
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new TooLate(`Not ${what} within ${limitMs / 1000} s of the signal`)),
      limitMs
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined

/** Null: a worker has printed the reason. */
function explain(error: unknown): string | null {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof StartFaultOfWorker) return null
  const isMendable = error instanceof StartFault || codeOf(error) === 'EADDRINUSE'
  if (isMendable) return `Cannot start: ${error.message}`
  // A store that stopped answering during the start.
  if (error instanceof Refusal) {
    const { code, message } = errorLine(error.cause)
    const cause = message || code
    return `Cannot start: ${error.reason}${cause ? ` (${cause})` : ''}`
  }
  const reason = fileFault(error)
  if (reason !== null && 'path' in error) return `Cannot start: ${error.path}: ${reason}`
  return error instanceof SettingsFault ? error.message : (error.stack ?? error.message)
}
