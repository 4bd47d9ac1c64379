import { ask } from '../api/ask.ts'
import type { Status } from '../api/responses.ts'
import { loaded } from '../parts/loaded.tsx'

/** The state of the process that answers, and of its stores. */
export const status = loaded(() => ask<Status>('GET', '/ops/status'))
