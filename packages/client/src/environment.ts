/** The part of Web Locks that the client uses. */
export type Locks = {
  request(
    name: string,
    options: { ifAvailable?: boolean; signal?: AbortSignal },
    work: (lock: unknown) => Promise<unknown>
  ): Promise<unknown>
}

/** The part of BroadcastChannel that the client uses. */
export type Channel = {
  postMessage(message: unknown): void
  onmessage: ((event: { data: unknown }) => void) | null
  /** Node.js: an open channel does not keep the process alive. */
  unref?(): void
}

/** What the client needs of its runtime. Tests replace it. */
export type Environment = {
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** milliseconds of a clock that is never set; it may stop while the device sleeps */
  monotonicMs(): number
  /** milliseconds of the wall clock, which may be wrong: only differences count */
  wallMs(): number
  /** calls back once, after this number of milliseconds; returns a function that cancels it */
  after(ms: number, call: () => void): () => void
  /** 0 to 1 */
  random(): number
  /** undefined if the runtime has no Web Locks */
  readonly locks: Locks | undefined
  /** undefined if the runtime has no BroadcastChannel */
  openChannel(name: string): Channel | undefined
}

/** Browsers, React Native and Node.js have different parts of this. */
type Runtime = {
  readonly navigator?: { readonly locks?: Locks }
  readonly BroadcastChannel?: new (name: string) => Channel
}

/** The runtime in which the program runs. */
export function ownEnvironment(): Environment {
  const { navigator, BroadcastChannel } = globalThis as unknown as Runtime
  return {
    fetch: (input, init) => fetch(input, init),
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    after(ms, call) {
      const timer = setTimeout(call, ms)
      return () => clearTimeout(timer)
    },
    random: Math.random,
    locks: navigator?.locks,
    openChannel(name) {
      const channel = BroadcastChannel && new BroadcastChannel(name)
      channel?.unref?.()
      return channel
    }
  }
}
