import { type ProblemCode, type ProblemStatus, problems } from './codes.ts'

export type RefusalOptions<Code extends ProblemCode> = {
  /** the reason, only for the log; it may name what the client must not learn */
  readonly reason: string
  /** for the client: what to fix; never a value that it sent, never a token */
  readonly detail?: string
  readonly status?: ProblemStatus<Code>
  readonly headers?: Readonly<Record<string, string>>
  /** further members of the document that the client gets (RFC 9457 §3.2); never logged */
  readonly members?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * A refusal with a reason: the request is wrong, or something that it needs is unavailable. Any
 * other thrown value is a bug. Hooks, stages and handlers throw refusals, and one error handler
 * turns them into responses.
 */
export class Refusal<Code extends ProblemCode = ProblemCode> extends Error {
  override readonly name = 'Refusal'
  readonly code: Code
  readonly status: number
  readonly reason: string
  readonly detail: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly members: Readonly<Record<string, unknown>>

  constructor(code: Code, options: RefusalOptions<Code>) {
    super(`${code}: ${options.reason}`, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.status = options.status ?? problems[code].statuses[0]
    this.reason = options.reason
    this.detail = options.detail
    this.headers = options.headers ?? {}
    this.members = options.members ?? {}
  }
}

/** Whether something that the work needs is unavailable. Every other refusal is an answer. */
export const isUnavailable = (error: unknown): error is Refusal<'UNAVAILABLE'> =>
  error instanceof Refusal && error.code === 'UNAVAILABLE'
