/** One process of a run: one test file, several small test files, the type check or the linter. */
export type Job = {
  readonly name: string
  /** The test files; empty for a check. */
  readonly files: readonly string[]
  readonly kind: 'tests' | 'check'
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment; absent: the environment of the run. */
  readonly env?: NodeJS.ProcessEnv
  /** After this time the job and everything it started are killed. */
  readonly limitMs: number
  /** Expected wall time in seconds; null if the job has never been timed. */
  readonly expectedSeconds: number | null
}

/** The result of running a job. */
export type Ran = {
  readonly exitCode: number | null
  /** The signal that ended the process, if it did not exit. */
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly wallMs: number
  /** User and system time of the process and of every child that was waited for. */
  readonly cpuMs: number
  /** The job exceeded its limit and was killed, with everything that it had started. */
  readonly timedOut: boolean
}
