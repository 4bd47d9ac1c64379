import { type Static, Type } from 'typebox'

/** How many routes an answer lists. */
export const MOST_ROUTES = 500

const lines = Type.Array(Type.String())

/** A route, in words for operators. */
export const ListedRoute = Type.Object({
  name: Type.String(),
  prefixes: lines,
  /** what it requires: for all methods first, then by method */
  requires: lines,
  upstream: Type.String(),
  addresses: lines
})
export type ListedRoute = Static<typeof ListedRoute>

/** The route of a request and why, in words for operators. */
export const Explanation = Type.Object({
  route: Type.String(),
  why: Type.String(),
  /** what it requires of the caller */
  needs: Type.String(),
  /** the request to the service, one line per address */
  goes: lines,
  /** which headers the service gets */
  headers: lines,
  /** what the client gets of the response */
  answer: lines,
  limits: lines,
  /** what a proxy gets that asks about the request */
  verified: lines
})
export type Explanation = Static<typeof Explanation>

/** Why the gateway refuses a request before it looks at the caller. */
export const RouteRefusal = Type.Object({
  status: Type.Integer(),
  code: Type.String(),
  why: Type.String()
})
export type RouteRefusal = Static<typeof RouteRefusal>

/** The version of the table that an answer is about; earlier gateways do not say it. */
const routesVersion = Type.Optional(Type.String({ maxLength: 64 }))

/** The answer to a question about the whole table. */
export const TableAnswer = Type.Object({
  routesVersion,
  /** the first `MOST_ROUTES` */
  routes: Type.Array(ListedRoute),
  /** how many there are */
  total: Type.Integer()
})
export type TableAnswer = Static<typeof TableAnswer>

/** The answer to a question about a request. */
export const RequestAnswer = Type.Object({
  routesVersion,
  explanation: Type.Union([Explanation, Type.Null()]),
  refusal: Type.Union([RouteRefusal, Type.Null()])
})
export type RequestAnswer = Static<typeof RequestAnswer>
