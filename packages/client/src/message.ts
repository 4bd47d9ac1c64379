import type { ProblemFacts } from './problem.ts'

/** Why a session ended: by a logout, by the server, or because a login replaced it. */
export type EndReason = 'logout' | 'ended' | 'replaced'

/** What the tabs and workers of an origin tell each other. Only scripts of the origin hear it. */
export type Message =
  /** Asks for a token, and whether a refresh is under way. */
  | { readonly tells: 'asks' }
  /** The tab that holds the lock is alive. */
  | { readonly tells: 'busy' }
  | {
      readonly tells: 'grant'
      readonly token: string
      readonly session: string
      /** grants of a session are counted, so that a late message does not replace a newer token */
      readonly count: number
      /** milliseconds for which the token is still valid */
      readonly leftMs: number
      readonly isLogin: boolean
    }
  | {
      readonly tells: 'end'
      /** null: the tab knew of no session */
      readonly session: string | null
      readonly reason: EndReason
    }
  | { readonly tells: 'failure'; readonly problem: ProblemFacts; readonly waitMs: number }
