/** What happens at which simulated time, in seconds. */
export type Agenda = {
  readonly now: number
  /** Lets something happen at this time, or now if the time has passed. */
  at(time: number, act: () => void): void
  /** Lets everything happen that is due before this time. */
  runUntil(end: number): void
}

type Entry = { readonly time: number; readonly order: number; readonly act: () => void }

/** Entries of the same time happen in the order in which they were made. */
export function agenda(): Agenda {
  const heap: Entry[] = []
  let [now, made] = [0, 0]
  return {
    get now() {
      return now
    },
    at(time, act) {
      made += 1
      heap.push({ time: Math.max(time, now), order: made, act })
      rise(heap, heap.length - 1)
    },
    runUntil(end) {
      for (let first = heap[0]; first !== undefined && first.time < end; first = heap[0]) {
        removeFirst(heap)
        now = first.time
        first.act()
      }
      now = end
    }
  }
}

const isBefore = (one: Entry | undefined, other: Entry | undefined): boolean =>
  one !== undefined &&
  other !== undefined &&
  (one.time < other.time || (one.time === other.time && one.order < other.order))

/** A binary heap: the parent of each entry is before it. */
function rise(heap: Entry[], from: number): void {
  let at = from
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isBefore(heap[at], heap[parent])) return
    exchange(heap, at, parent)
    at = parent
  }
}

function removeFirst(heap: Entry[]): void {
  const last = heap.pop()
  if (heap.length === 0 || last === undefined) return
  heap[0] = last
  for (let at = 0; ; ) {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    const child = isBefore(heap[right], heap[left]) ? right : left
    if (!isBefore(heap[child], heap[at])) return
    exchange(heap, at, child)
    at = child
  }
}

function exchange(heap: Entry[], one: number, other: number): void {
  const [first, second] = [heap[one], heap[other]]
  if (first === undefined || second === undefined) return
  heap[one] = second
  heap[other] = first
}
