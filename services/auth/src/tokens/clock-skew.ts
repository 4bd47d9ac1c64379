/** What a gateway's clock may be behind: so much longer than a token's life is it remembered that it does not count. */
export const CLOCK_SKEW_SECONDS = 60
