import { isUnavailable } from '@gatehouse/problem/refusal'

/**
 * Waits for work that `SessionEnds.settle` or a later request completes if a store is not available
 * now. The client gets the response to what is already stored.
 * @throws every other fault of the work
 */
export async function ifAvailable(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isUnavailable(error)) throw error
  }
}
