import type { ProblemFacts } from '../problem.ts'

/** Why a session ended: by a logout, by the server, or because a login replaced it. */
export type EndReason = 'logout' | 'ended' | 'replaced'

/** A message between the tabs and workers of an origin. Only scripts of the origin receive it. */
export type Message =
  /** Asks the others for a token, and whether a refresh is under way. */
  | { readonly type: 'question' }
  /** The tab that holds the lock is alive. */
  | { readonly type: 'busy' }
  | {
      readonly type: 'grant'
      readonly token: string
      readonly session: string
      /** grants of a session are counted, so that a late message does not replace a newer token */
      readonly count: number
      /** milliseconds for which the token is still valid */
      readonly leftMs: number
      readonly isLogin: boolean
    }
  | {
      readonly type: 'end'
      /** null: the tab knew of no session */
      readonly session: string | null
      readonly reason: EndReason
    }
  | { readonly type: 'failure'; readonly problem: ProblemFacts; readonly waitMs: number }
