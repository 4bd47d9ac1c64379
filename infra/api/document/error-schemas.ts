import { type ProblemCode, problems } from '@gatehouse/problem/codes'
import { PROBLEM_MEDIA_TYPE } from '@gatehouse/problem/document'
import type { Json } from './components.ts'

const kinds = Object.values(problems)

/** RFC 9457, with the members of `problemDocument`. */
export const Problem: Json = {
  title: 'Problem',
  description: 'An error (RFC 9457). Decide by code.',
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'requestId', 'retryable'],
  properties: {
    type: {
      type: 'string',
      format: 'uri',
      description: 'The code as a URI.',
      examples: ['urn:gatehouse:problem:session-ended']
    },
    title: {
      enum: [...new Set(kinds.map(({ title }) => title))],
      description: 'What happened, for people. Each code has one.'
    },
    status: {
      enum: [...new Set(kinds.flatMap(({ statuses }): number[] => [...statuses]))].sort(
        (one, other) => one - other
      ),
      description: 'The status of the response.'
    },
    code: {
      enum: Object.keys(problems),
      description:
        'The machine-readable code. Clients should test this value, not the title or the detail. Each operation lists its codes.'
    },
    detail: {
      type: 'string',
      description: 'What to fix, for people. Its text may change.',
      examples: ['body/email must not be empty']
    },
    requestId: {
      type: 'string',
      description: 'The x-request-id of the response.',
      examples: ['d7908685-2b28-47ad-92b4-7e2dee337653']
    },
    retryable: {
      type: 'boolean',
      examples: [false],
      description: 'Whether the same request may succeed later.'
    },
    challenge: {
      type: 'string',
      description: 'Only with FACTOR_REQUIRED: send it with a second factor to /auth/login/factor.',
      examples: ['q1mZ6ZpJ3nYt0Wm4a8kVx2q1mZ6ZpJ3nYt0Wm4a8kVx']
    },
    expiresIn: {
      type: 'integer',
      description: 'Only with FACTOR_REQUIRED: seconds until the challenge expires.',
      examples: [300]
    },
    factors: {
      type: 'array',
      items: { enum: ['passkey', 'totp', 'recoveryCode'] },
      description:
        'Only with FACTOR_REQUIRED: what can answer the challenge. Empty: the user has no second factor yet, and must have one; see /auth/login/factor/enrol.',
      examples: [['totp', 'recoveryCode']]
    },
    passkey: {
      type: 'object',
      description:
        'Only with FACTOR_REQUIRED, if a passkey can answer the challenge: the options of navigator.credentials.get(), as POST /auth/step-up/passkey returns them.',
      examples: [{ rpId: 'example.com', userVerification: 'preferred' }]
    }
  }
}

/** RFC 6749 §5.2 */
export const OAuthError: Json = {
  title: 'OAuthError',
  description: 'An error of an OAuth endpoint (RFC 6749 §5.2).',
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'string',
      description: 'The machine-readable code. Clients should test it, and not the description.',
      examples: ['invalid_grant']
    },
    error_description: {
      type: 'string',
      description: 'What to fix, for people. Its text may change.',
      examples: ['the client could not be authenticated']
    }
  }
}

/** The content of a response with one of these problems. */
export const problemContent = (status: number, codes: readonly ProblemCode[]): Json => ({
  [PROBLEM_MEDIA_TYPE]: {
    schema: {
      allOf: [
        { $ref: '#/components/schemas/Problem' },
        { properties: { status: { const: status }, code: { enum: codes } } }
      ]
    }
  }
})

export const oauthErrorContent = (errors: readonly string[]): Json => ({
  'application/json': {
    schema: {
      allOf: [
        { $ref: '#/components/schemas/OAuthError' },
        { properties: { error: { enum: errors } } }
      ]
    }
  }
})
