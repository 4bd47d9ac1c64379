import root from 'tap'

// Takes the place of the package `async-hook-domain` in test processes. tap makes a domain for each
// test, to learn which test an uncaught error belongs to. The package observes every promise and
// socket for that, until each is collected: up to half of the processor time of a test. One test
// runs at a time, so here the error belongs to the test that is running.

type Handler = (error: unknown, kind: string) => void

/** What tap does with an uncaught error of one test. tap itself imports it, by this name. */
export class Domain {
  readonly onerror: Handler
  destroyed = false

  constructor(onerror: Handler) {
    this.onerror = onerror
  }

  /** The test has ended. */
  destroy(): void {
    this.destroyed = true
  }
}

type RunningTest = { readonly hookDomain: Domain; readonly activeSubtests?: Set<RunningTest> }

/** The domain of the innermost test that is running; that of the file, if none is. */
function current(): Domain {
  let running = root as unknown as RunningTest
  for (;;) {
    const [inner] = running.activeSubtests ?? []
    if (inner === undefined || inner.hookDomain.destroyed) return running.hookDomain
    running = inner
  }
}

for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(kind, (error: unknown) => current().onerror(error, kind))
}
