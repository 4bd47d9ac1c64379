/** A worker could not start, and has printed the reason. The primary process adds nothing. */
export class StartFaultOfWorker extends Error {
  override readonly name = 'StartFaultOfWorker'
  readonly code: string | undefined

  constructor(code: string | undefined) {
    super('a worker could not start')
    this.code = code
  }
}
