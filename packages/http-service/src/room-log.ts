import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { pino } from 'pino'

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

export type RoomLog = FastifyBaseLogger

const LONGEST_PATH = 256
/** never in the log, as members of a line or of an object in it */
const SECRETS = ['password', 'refreshToken', 'accessToken', 'authorization', 'cookie']

/**
 * The log of a room: JSON lines on standard error, since standard output is for what a person or a script asked to see.
 * Nothing of a request goes in but its method and path, never a query, a header or a body.
 */
export function roomLog(name: string, level: LogLevel): RoomLog {
  const options = {
    name,
    level,
    serializers: {
      req: ({ method, url }: FastifyRequest) => ({
        method,
        path: url.split('?', 1)[0]?.slice(0, LONGEST_PATH) ?? ''
      })
    },
    redact: SECRETS.flatMap((name) => [name, `*.${name}`])
  }
  return pino(options, process.stderr)
}
