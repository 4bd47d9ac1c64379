/** Members of responses about the route tables of the gateways (`api/operator.json`). */

export type Route = {
  readonly name: string
  readonly prefixes: readonly string[]
  /** for all methods first, then by method */
  readonly requires: readonly string[]
  readonly upstream: string
  readonly addresses: readonly string[]
}

/** Gateways that have the same route table. */
type SameTable = {
  readonly version: string
  /** their names */
  readonly gateways: readonly string[]
}

export type RouteTables = {
  /** `routes` is null if no gateway answered */
  readonly tables: readonly (SameTable & {
    readonly routes: readonly Route[] | null
    readonly total: number | null
  })[]
  /** gateways of earlier versions */
  readonly unasked: readonly string[]
}

export type Explanation = {
  readonly route: string
  readonly why: string
  readonly needs: string
  readonly goes: readonly string[]
  readonly headers: readonly string[]
  readonly answer: readonly string[]
  readonly limits: readonly string[]
  readonly verified: readonly string[]
}

/** What gateways found in a route table. */
export type TableOutcomes = {
  readonly outcomes: readonly {
    /** their names */
    readonly gateways: readonly string[]
    /** null: no answer in time */
    readonly done: boolean | null
    readonly faults: readonly string[]
    readonly routes: number | null
  }[]
  /** gateways of earlier versions */
  readonly unasked: readonly string[]
}

/** Both members are null if no gateway answered. */
export type ExplainedRequest = {
  readonly answers: readonly (SameTable & {
    readonly explanation: Explanation | null
    readonly refusal: {
      readonly status: number
      readonly code: string
      readonly why: string
    } | null
  })[]
  readonly unasked: readonly string[]
}
