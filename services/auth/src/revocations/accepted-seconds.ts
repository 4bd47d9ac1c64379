import { rememberedSeconds } from './remembered-seconds.ts'

/** How long an access token may be accepted after it was issued, in seconds. */
export type AcceptedSeconds = {
  /** as it was when it was last read */
  last(): number
  /** Reads it again: since then, another instance may have begun to sign longer lifetimes. */
  read(): Promise<number>
}

/**
 * @param longestTokenSeconds the longest lifetime of the tokens that a published key may have
 * signed. It is above that of this process if the setting was reduced, or another instance has a
 * larger one already.
 */
export async function readAcceptedSeconds(
  lifetimeSeconds: number,
  longestTokenSeconds: () => Promise<number>
): Promise<AcceptedSeconds> {
  const read = async () => rememberedSeconds(Math.max(lifetimeSeconds, await longestTokenSeconds()))
  let last = await read()
  return {
    last: () => last,
    async read() {
      last = await read()
      return last
    }
  }
}
