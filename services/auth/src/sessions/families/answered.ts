/**
 * Waits for calls of several partitions. Returns the values of those that succeeded, and the fault
 * of one that did not, or null.
 * @throws that fault if no call succeeded
 */
export async function answered<Value>(
  calls: readonly Promise<Value>[]
): Promise<{ readonly values: Value[]; readonly fault: unknown }> {
  const settled = await Promise.allSettled(calls)
  const values = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed !== undefined && values.length === 0) throw failed.reason
  return { values, fault: failed?.reason ?? null }
}
