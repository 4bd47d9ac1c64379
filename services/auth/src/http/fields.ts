import { Type } from 'typebox'
import { LONGEST_EMAIL } from '../accounts/email-addresses/email.ts'
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from '../accounts/passwords/password-rules.ts'

/** Members that several routes have in common. */

/** An e-mail address in a request. Its form is checked by `canonicalEmail`. */
export const Email = Type.String({
  minLength: 1,
  maxLength: LONGEST_EMAIL,
  description: 'The e-mail address of the account. It is not case-sensitive.',
  examples: ['ada@example.com']
})

/** A password that someone chooses. */
export const newPassword = (description: string) =>
  Type.String({
    minLength: PASSWORD_MIN_LENGTH,
    maxLength: PASSWORD_MAX_LENGTH,
    description: `${description} At least ${PASSWORD_MIN_LENGTH} characters, and not easily guessed.`,
    examples: ['correct horse battery']
  })

/** A password that someone proves. */
export const currentPassword = (description: string) =>
  Type.String({
    minLength: 1,
    maxLength: PASSWORD_MAX_LENGTH,
    description,
    examples: ['correct horse battery']
  })

export const uuid = (description: string) =>
  Type.String({ description, examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11'] })

/** A time in seconds since 1970, as a response has it (RFC 3339). */
export const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()

/** A time in a response. */
export const instant = (description: string) =>
  Type.String({
    format: 'date-time',
    description: `${description} ISO 8601, in UTC.`,
    examples: ['2026-11-23T10:00:00.000Z']
  })

export const instantOrNull = (description: string) =>
  Type.Union([instant(description), Type.Null()], {
    description: `${description} ISO 8601, in UTC.`
  })

export const stored = {
  email: Type.String({
    description: 'The e-mail address of the account, in lower case.',
    examples: ['ada@example.com']
  }),
  roles: Type.Array(Type.String({ examples: ['user'] }), {
    description: 'The roles of the user. Services get them in the header x-auth-roles.',
    examples: [['user']]
  }),
  scope: Type.Array(Type.String({ examples: ['orders:read'] }), {
    description: 'The scopes that the access tokens of the account have.',
    examples: [['orders:read', 'orders:write']]
  })
}

/** Their names, values and size are checked by `claimsFault`. */
export const Claims = Type.Record(Type.String(), Type.Unknown(), {
  description:
    'What operators say about the account, at most 1024 bytes of JSON. AUTH_TOKEN_CLAIMS lists the claims that access tokens have.',
  examples: [{ tenant_id: 'acme' }]
})

export const SessionId = Type.String({
  description: 'The public id of the session: sid in access tokens, and in the audit log.',
  examples: ['Wb0oJ0m9pQ4hUu0mJ0b1Yw']
})

/** Refresh tokens in their form, which no key of an installation makes: one, and its successor. */
export const refreshTokenExample = {
  presented:
    'AQd_GwpSPB5KU50OK2sMb0wRnD5R0Hq4TyaxyehdMEf6bgAAAAE2A-7Y2wGoCYVxf887LBax4wv-AgtcQ5eB3muUdX2Zdw',
  next: 'AQd_GwpSPB5KU50OK2sMb0wRnD5R0Hq4TyaxyehdMEf6bgAAAAJGhoZPMD8PmKhrAJpEC87B7oq_KBTwVzUIoPImQAVbrA'
} as const

/** When the auth service answers FORBIDDEN to a valid access token. */
export const noAccountProblem =
  'The access token does not belong to a user of this installation, but to a machine client or to another issuer.'

/** When the auth service answers RATE_LIMITED to a valid access token. */
export const turnsProblem = 'Too many requests of the session wait for those before them.'

/** When the auth service answers SESSION_ENDED to a valid access token. */
export const endedProblem = 'The session has ended, or the account was disabled or deleted.'

/** The number of sessions that a request ended. */
export const Ended = Type.Integer({
  description: 'How many sessions the request ended.',
  examples: [2]
})

/** The result of a login at a provider, in the hands of the page or app that began it. */
export const exchange = {
  code: Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'The code with which the login returned. It works once, within a minute.',
    examples: ['q1mZ6ZpJ3nYt0Wm4a8kVx2q1mZ6ZpJ3nYt0Wm4a8kVx']
  }),
  codeVerifier: Type.String({
    pattern: '^[A-Za-z0-9._~-]{43,128}$',
    description: 'The random text whose SHA-256 was the code challenge (RFC 7636 §4.1).',
    examples: ['dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk']
  })
}
