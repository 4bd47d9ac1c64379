import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from './figures/run.ts'

/**
 * Resolves when programs of ours that have just been started have released what only their start
 * needed (docs/decisions/0113). Otherwise, one of the rounds would compile their code again.
 */
export const settled = ({ isShort }: Run): Promise<void> => sleep(isShort ? 0 : 8000)
