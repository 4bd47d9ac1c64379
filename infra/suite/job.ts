/** One process of a run: a test file or several small ones, or the type check or the linter. */
export type Job = {
  readonly name: string
  /** The test files; none for a check. */
  readonly files: readonly string[]
  readonly kind: 'tests' | 'check'
  readonly command: string
  readonly args: readonly string[]
  /** After this it is killed, with all that it has started. */
  readonly limitMs: number
  /** Expected wall time in seconds; null where the job has never been timed. */
  readonly expectedSeconds: number | null
}

/** What became of a job. */
export type Ran = {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly wallMs: number
  /** User and system time of the process and of everything that it started and waited for. */
  readonly cpuMs: number
  /** The job did not end by itself within its limit and was killed, with all that it had started. */
  readonly timedOut: boolean
}
