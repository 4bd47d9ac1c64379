/**
 * How many rows one statement inserts, changes or deletes. A statement has little time, others
 * write the same tables meanwhile, and databases limit its parameters.
 */
export const ROWS_PER_STATEMENT = 500
