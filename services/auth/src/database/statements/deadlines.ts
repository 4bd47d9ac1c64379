/**
 * How long a statement may take. Together with a connection attempt, it stays below the second
 * within which a client learns of an outage.
 */
export const STATEMENT_MS = 800
