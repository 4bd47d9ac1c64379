import { Refusal } from '@gatehouse/problem/refusal'

/**
 * Waits for work that `SessionEnds.settle`, or a later request, completes if a store does not
 * answer now.
 */
export async function ifPossible(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}
