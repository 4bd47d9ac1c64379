import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { pino } from 'pino'
import { boundedOutput } from './bounded-output.ts'
import { pathOfTarget } from './path-of-target.ts'

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

export type ServiceLog = FastifyBaseLogger

const LONGEST_PATH = 256
/** member names whose values are never logged */
const SECRETS = ['password', 'refreshToken', 'accessToken', 'authorization', 'cookie']

const LONGEST_MESSAGE = 300
const MISNAMED = 'ERR_TLS_CERT_ALTNAME_INVALID'

/** The members of an error in the log. */
type ErrorLine = {
  readonly type: string
  readonly code?: string
  readonly message: string
  readonly stack?: string
  readonly cause?: ErrorLine
}

/**
 * An error for the log. It takes listed members only, because libraries attach the data that they
 * were working on (undici the bytes that it could not parse, pg the row). The message of a
 * SyntaxError quotes the text that was not JSON, and that of a certificate for another name all
 * names that are in it.
 */
export function errorLine(error: unknown, depth = 0): ErrorLine {
  if (!(error instanceof Error)) return { type: typeof error, message: '' }
  const { name, message, stack, cause } = error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const frames = stack?.split('\n').filter((line) => /^ {4}at /.test(line))
  return {
    type: name,
    ...(code === undefined ? {} : { code }),
    message: error instanceof SyntaxError || code === MISNAMED ? '' : plain(message),
    ...(frames === undefined || depth > 0 ? {} : { stack: frames.join('\n') }),
    ...(cause instanceof Error && depth < 3 ? { cause: errorLine(cause, depth + 1) } : {})
  }
}

const plain = (text: string): string => text.slice(0, LONGEST_MESSAGE).replace(/[^\x20-\x7e]/g, '?')

/**
 * The log of a service: JSON lines on standard error, because standard output is for the results
 * that a person or a script asked for. Of a request, it contains only the method and the path,
 * never a query, a header or a body. If the reader is too slow or has gone, lines are dropped, and
 * no request waits or fails.
 */
export function serviceLog(name: string, level: LogLevel): ServiceLog {
  const options = {
    name,
    level,
    serializers: {
      err: errorLine,
      req: ({ method, originalUrl }: FastifyRequest) => ({
        method,
        path: pathOfTarget(originalUrl).slice(0, LONGEST_PATH)
      })
    },
    redact: SECRETS.flatMap((name) => [name, `*.${name}`])
  }
  return pino(options, boundedOutput(process.stderr))
}
