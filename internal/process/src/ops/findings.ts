/** The result of a check. A text names the fault in a few words. */
export type Finding = {
  /** the process cannot do its work */
  readonly failing?: string
  /** the process works, but something that it needs does not, and an operator should look at it */
  readonly degraded?: string
  /**
   * the age of the data that the process works with, such as its key set, or the time since a store
   * last answered; Infinity: never. Absent: it has no age
   */
  readonly ageSeconds?: number
}
export type Check = () => Finding | Promise<Finding>

type Findings = {
  readonly failing: Record<string, string>
  readonly degraded: Record<string, string>
  /** null: never */
  readonly ageSeconds: Record<string, number | null>
}

/** What the checks find now, by their names. */
export async function findings(checks: Readonly<Record<string, Check>>): Promise<Findings> {
  const failing: Record<string, string> = {}
  const degraded: Record<string, string> = {}
  const ageSeconds: Record<string, number | null> = {}
  const results = Object.entries(checks).map(
    async ([name, check]) => [name, await outcome(check)] as const
  )
  for (const [name, finding] of await Promise.all(results)) {
    if (finding.failing !== undefined) failing[name] = finding.failing
    else if (finding.degraded !== undefined) degraded[name] = finding.degraded
    const { ageSeconds: age } = finding
    if (age === undefined) continue
    ageSeconds[name] = Number.isFinite(age) ? Math.round(age * 10) / 10 : null
  }
  return { failing, degraded, ageSeconds }
}

async function outcome(check: Check): Promise<Finding> {
  try {
    return await check()
  } catch {
    return { failing: 'the check itself failed', ageSeconds: Number.POSITIVE_INFINITY }
  }
}
