import { type ProblemCode, type ProblemStatus, problems } from './codes.ts'

export type RefusalOptions<Code extends ProblemCode> = {
  /** for the log only: why, in words that may name what the client must not learn */
  reason: string
  /** for the client: what to mend; never a value that it sent, never a token */
  detail?: string
  status?: ProblemStatus<Code>
  headers?: Readonly<Record<string, string>>
  cause?: unknown
}

/**
 * A "no" with a reason: the request is at fault, or something it needs is away. Whatever else is thrown is a bug.
 * Thrown by hooks, stages and handlers; one error handler turns it into an answer.
 */
export class Refusal<Code extends ProblemCode = ProblemCode> extends Error {
  override readonly name = 'Refusal'
  readonly code: Code
  readonly status: number
  readonly reason: string
  readonly detail: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(code: Code, options: RefusalOptions<Code>) {
    super(`${code}: ${options.reason}`, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.status = options.status ?? problems[code].statuses[0]
    this.reason = options.reason
    this.detail = options.detail
    this.headers = options.headers ?? {}
  }
}
