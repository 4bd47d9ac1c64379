/** The arguments are wrong for the command: exit code 2, and its usage. */
export class BadUsage extends Error {
  override readonly name = 'BadUsage'
}

/** The request was refused: exit code 1, and the reason. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: string

  constructor(code: string, detail: string) {
    super(detail)
    this.code = code
  }
}
