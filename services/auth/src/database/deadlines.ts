/** What a statement may take: with a connection before it, under the second in which a client hears of an outage. */
export const STATEMENT_MS = 800
