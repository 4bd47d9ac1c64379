/** Is called after each call of a store, with what it threw. `call` is one of a few names. */
export type CallWatch = (call: string, seconds: number, error?: unknown) => void

/** Makes a call, and reports it. */
export async function watchedCall<Result>(
  watch: CallWatch,
  name: string,
  call: () => Promise<Result>
): Promise<Result> {
  const startedMs = performance.now()
  const seconds = () => (performance.now() - startedMs) / 1000
  try {
    const result = await call()
    watch(name, seconds())
    return result
  } catch (error) {
    watch(name, seconds(), error)
    throw error
  }
}

/**
 * A store whose calls are reported.
 * @param names of the calls, by method; other methods are not reported
 */
export function watchedStore<Store extends object>(
  store: Store,
  names: Readonly<Record<string, string>>,
  watch: CallWatch
): Store {
  const nameOf = new Map<PropertyKey, string>(Object.entries(names))
  const watched = new Map<unknown, unknown>()
  return new Proxy(store, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      const name = nameOf.get(key)
      if (name === undefined || typeof member !== 'function') return member
      const known = watched.get(member)
      if (known !== undefined) return known
      const reported = (...given: unknown[]) =>
        watchedCall(watch, name, async () => Reflect.apply(member, target, given))
      watched.set(member, reported)
      return reported
    }
  })
}
