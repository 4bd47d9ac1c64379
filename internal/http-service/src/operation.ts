import type { ProblemCode } from '@gatehouse/problem/codes'
import type { OAuthErrorCode } from '@gatehouse/problem/oauth-error'
import type { TObject, TSchema } from 'typebox'

/** A header of a response, as the API description shows it. */
export type DocumentedHeader = {
  readonly description: string
  /** whether every such response has it; default: false */
  readonly required?: boolean
  readonly schema: TSchema
}

type DocumentedResponse = {
  readonly description: string
  readonly headers?: Readonly<Record<string, DocumentedHeader>>
  /** default: application/json */
  readonly mediaType?: string
}

/**
 * What the description of the API (api/*.json) says about a route, beyond the schemas with which
 * the route validates requests and serializes responses. `npm run api` reads it from the routes of
 * a running system.
 */
export type Operation = {
  /** a unique name, from which generated clients name their functions */
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  /** alternatives (OpenAPI: Security Requirement); default: what the listener requires */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  /** for each success: what it means */
  readonly successes?: Readonly<Record<number, DocumentedResponse>>
  /** headers of errors, by status, that only this route has */
  readonly errorHeaders?: Readonly<Record<number, Readonly<Record<string, DocumentedHeader>>>>
  /** the problems that this route itself can respond with, and when */
  readonly problems?: Readonly<Partial<Record<ProblemCode, string>>>
  /** the same for an OAuth endpoint: by status */
  readonly oauthErrors?: Readonly<Record<number, Readonly<Partial<Record<OAuthErrorCode, string>>>>>
  /** the parameters of an OAuth endpoint, which reads a form */
  readonly form?: TObject
  /** true: not a part of the API */
  readonly hidden?: boolean
}

declare module 'fastify' {
  interface FastifySchema extends Operation {}
}
