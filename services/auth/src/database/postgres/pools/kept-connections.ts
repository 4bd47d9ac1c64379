/**
 * How many connections to PostgreSQL a process opens before it is ready, and keeps while it is
 * idle; fewer if its pool is smaller. Opening one takes several round trips, and most of the time
 * that a request may wait for the stores.
 */
export const KEPT_CONNECTIONS = 3
