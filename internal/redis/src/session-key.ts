import { COMMON, keyIn } from './partitions.ts'

/** A key of the common partition, which every installation has. */
export const sessionKey = (name: string): string => keyIn(COMMON, name)
