import { isUnavailable } from '@gatehouse/problem/refusal'
import type { Families } from '../families/families.ts'

/**
 * Does the work for each item, even if it fails for one. Items whose users are in different
 * partitions of the session store do not wait for each other. An outage stops those of its
 * partition, because they would fail as well.
 * @returns the first fault of each partition that has one
 */
export async function inEachPartition<Item extends { readonly subject: string }>(
  pages: Iterable<readonly Item[]> | AsyncIterable<readonly Item[]>,
  { partitionOf }: Pick<Families, 'partitionOf'>,
  work: (item: Item) => Promise<unknown>
): Promise<ReadonlyMap<string, unknown>> {
  const away = new Set<string>()
  const faults = new Map<string, unknown>()
  const workOn = async (partition: string, items: readonly Item[]): Promise<void> => {
    for (const item of items) {
      if (away.has(partition)) return
      try {
        await work(item)
      } catch (error) {
        if (!faults.has(partition)) faults.set(partition, error)
        if (isUnavailable(error)) away.add(partition)
      }
    }
  }
  for await (const page of pages) {
    const of = await Promise.all(page.map(({ subject }) => partitionOf(subject)))
    const parts = Map.groupBy(page.keys(), (at) => of[at] ?? '')
    await Promise.all(
      [...parts].map(([partition, places]) =>
        workOn(
          partition,
          places.flatMap((at) => page[at] ?? [])
        )
      )
    )
  }
  return faults
}

/** @throws one of the faults, if there is one */
export function throwFirst(faults: ReadonlyMap<string, unknown>): void {
  for (const fault of faults.values()) throw fault
}
