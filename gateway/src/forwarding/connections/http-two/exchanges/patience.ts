import { errors } from 'undici'

type PatienceOptions = {
  /** how long the service may take to begin its response; 0: any time */
  readonly headersMs: number
  /** how long the request and the response may pause; 0: any time */
  readonly pauseMs: number
  /** whether the client, not the service, is late: it has not sent the whole request */
  readonly isClientsTurn: () => boolean
  readonly onLate: (error: Error) => void
}

/** Waits for a service that has a request. */
export type Patience = {
  /** The request begins. */
  begin(): void
  /** A part of the request or of the response has passed. */
  note(): void
  /** The response has begun. */
  answered(): void
  /** The gateway does not read the response. */
  pause(): void
  resume(): void
  end(): void
}

export function patience({ headersMs, pauseMs, isClientsTurn, onLate }: PatienceOptions): Patience {
  let isAnswered = false
  let isPaused = false
  let timer: NodeJS.Timeout | undefined
  const late = (): void => {
    if (!isAnswered && isClientsTurn()) start()
    else onLate(isAnswered ? new errors.BodyTimeoutError() : new errors.HeadersTimeoutError())
  }
  const start = (): void => {
    clearTimeout(timer)
    const ms = isAnswered ? pauseMs : headersMs
    if (ms > 0 && !isPaused) timer = setTimeout(late, ms).unref()
  }
  return {
    begin: start,
    note() {
      if (!isPaused) timer?.refresh()
    },
    answered() {
      isAnswered = true
      start()
    },
    pause() {
      isPaused = true
      clearTimeout(timer)
    },
    resume() {
      if (!isPaused) return
      isPaused = false
      start()
    },
    end() {
      isPaused = true
      clearTimeout(timer)
    }
  }
}
