import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { pino } from 'pino'
import { pathOfTarget } from './path-of-target.ts'

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

export type ServiceLog = FastifyBaseLogger

const LONGEST_PATH = 256
/** never in the log, as members of a line or of an object in it */
const SECRETS = ['password', 'refreshToken', 'accessToken', 'authorization', 'cookie']

const LONGEST_MESSAGE = 300

/** What goes into the log of an error. */
export type ErrorLine = {
  readonly type: string
  readonly code?: string
  readonly message: string
  readonly stack?: string
  readonly cause?: ErrorLine
}

/**
 * An error as the log has it: by a list of what goes in, since libraries hang on errors what they were working on (undici the
 * bytes that it could not parse, pg the row). A SyntaxError's message quotes the text that was no JSON.
 */
export function errorLine(error: unknown, depth = 0): ErrorLine {
  if (!(error instanceof Error)) return { type: typeof error, message: '' }
  const { name, message, stack, cause } = error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const frames = stack?.split('\n').filter((line) => /^ {4}at /.test(line))
  return {
    type: name,
    ...(code === undefined ? {} : { code }),
    message: error instanceof SyntaxError ? '' : plain(message),
    ...(frames === undefined || depth > 0 ? {} : { stack: frames.join('\n') }),
    ...(cause instanceof Error && depth < 3 ? { cause: errorLine(cause, depth + 1) } : {})
  }
}

const plain = (text: string): string => text.slice(0, LONGEST_MESSAGE).replace(/[^\x20-\x7e]/g, '?')

/**
 * The log of a service: JSON lines on standard error, since standard output is for what a person or a script asked to see.
 * Nothing of a request goes in but its method and path, never a query, a header or a body.
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
  return pino(options, process.stderr)
}
