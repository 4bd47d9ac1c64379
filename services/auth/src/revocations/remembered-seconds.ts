/** How far the clock of a gateway may be behind. */
const CLOCK_SKEW_SECONDS = 60

/**
 * For how long to remember that tokens with this lifetime are revoked: a gateway whose clock is
 * behind accepts them for a while after they have expired.
 */
export const rememberedSeconds = (lifetimeSeconds: number): number =>
  lifetimeSeconds + CLOCK_SKEW_SECONDS
