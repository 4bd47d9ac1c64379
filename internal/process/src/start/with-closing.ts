/**
 * Runs a start. If it fails, everything that it has put on `closing` is closed, the last first. If
 * it succeeds, its caller closes `closing` at the end of the process.
 * @throws the error of the start, even if closing fails
 */
export async function withClosing<Started>(
  start: (closing: AsyncDisposableStack) => Promise<Started>
): Promise<Started> {
  const closing = new AsyncDisposableStack()
  try {
    return await start(closing)
  } catch (error) {
    await closing.disposeAsync().catch(() => {})
    throw error
  }
}
