import type { Test } from 'tap'

/** The test of each file of a batch, by the URL of the file. */
export const fileTests = new Map<string, Test>()
