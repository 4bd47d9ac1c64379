/** The body of `/readyz`. */
export type Readiness = {
  readonly status: 'ready' | 'degraded' | 'draining' | 'not ready'
  readonly failing: Readonly<Record<string, string>>
  readonly degraded?: Readonly<Record<string, string>>
  readonly ageSeconds: Readonly<Record<string, number | null>>
}

type Answer = { readonly status: number; readonly body: Readiness }

/**
 * The readiness of several workers on one port. They are ready if one of them is, because the
 * others are then replaced or recover, and degraded if fewer are than there should be.
 * @param answers of the workers that listen; null: it did not answer
 * @param workers how many there should be
 * @param draining why no more clients should come; null: they may
 */
export function mergedReadiness(
  answers: readonly (Answer | null)[],
  { workers, draining }: { readonly workers: number; readonly draining: string | null }
): { readonly isReady: boolean; readonly body: Readiness } {
  const given = answers.filter((answer) => answer !== null)
  const serving = given.filter(({ status }) => status === 200)
  const ready = serving.map(({ body }) => body)
  const judged = ready.length > 0 ? ready : given.map(({ body }) => body)
  const ageSeconds = oldest(judged)
  if (draining !== null) {
    return { isReady: false, body: { status: 'draining', failing: { draining }, ageSeconds } }
  }
  if (ready.length === 0) {
    const failing = { workers: 'no worker is ready', ...joined(judged, 'failing') }
    return { isReady: false, body: { status: 'not ready', failing, ageSeconds } }
  }
  const missing = workers - ready.length
  const degraded = {
    ...(missing > 0 ? { workers: `${missing} of ${workers} workers not ready` } : {}),
    ...joined(ready, 'degraded')
  }
  const body =
    Object.keys(degraded).length > 0
      ? { status: 'degraded' as const, failing: {}, degraded, ageSeconds }
      : { status: 'ready' as const, failing: {}, ageSeconds }
  return { isReady: true, body }
}

const joined = (bodies: readonly Readiness[], part: 'failing' | 'degraded') =>
  Object.assign({}, ...bodies.map((body) => body[part])) as Record<string, string>

/** The greatest age of each check; null: never. */
function oldest(bodies: readonly Readiness[]): Record<string, number | null> {
  const ages: Record<string, number | null> = {}
  for (const { ageSeconds } of bodies) {
    for (const [check, age] of Object.entries(ageSeconds)) {
      const other = ages[check]
      ages[check] = age === null || other === null ? null : Math.max(age, other ?? age)
    }
  }
  return ages
}
