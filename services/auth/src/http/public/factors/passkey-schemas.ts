import { Type } from 'typebox'

/** The members of WebAuthn's options and answers as JSON, named as browsers name them. */

const base64url = (description: string, maxLength: number, example: string) =>
  Type.String({
    pattern: '^[A-Za-z0-9_-]+$',
    maxLength,
    description: `${description} In base64url.`,
    examples: [example]
  })

/** 1,023 bytes (WebAuthn §7.1, step 25) */
const CredentialId = base64url(
  'The id of the passkey, as its authenticator chose it.',
  1364,
  'kJ8pQ2mXv0S4tYw1bC6dEg'
)
/** Browsers add members in later versions, and they are ignored. */
const later = { additionalProperties: true }

const clientDataJSON = base64url(
  'What the browser says about the request.',
  4096,
  'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0'
)
const type = Type.Literal('public-key', {
  description: 'Always public-key.',
  examples: ['public-key']
})

export const PasskeyAssertion = Type.Object(
  {
    id: CredentialId,
    type,
    response: Type.Object(
      {
        clientDataJSON,
        authenticatorData: base64url(
          'What the authenticator says.',
          4096,
          'SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ'
        ),
        signature: base64url('The signature over both.', 2048, 'MEUCIQDx3Qv7'),
        userHandle: Type.Optional(
          Type.Union(
            [base64url('The user.', 128, 'N2YxYjBhNTItM2MxZS00YTUzLTlkMGU'), Type.Null()],
            {
              description:
                'The user to whom the passkey belongs, as the authenticator stores it. Required for a login without a password.'
            }
          )
        )
      },
      { ...later, description: 'The answer of the authenticator.' }
    )
  },
  {
    ...later,
    title: 'PasskeyAssertion',
    description:
      'What navigator.credentials.get() returned, as toJSON() makes it (AuthenticationResponseJSON).'
  }
)

export const PasskeyRegistration = Type.Object(
  {
    id: CredentialId,
    type,
    response: Type.Object(
      {
        clientDataJSON,
        attestationObject: base64url(
          'The new passkey.',
          12_288,
          'o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YQ'
        ),
        transports: Type.Optional(
          Type.Array(Type.String({ pattern: '^[a-z-]{1,32}$', examples: ['internal'] }), {
            maxItems: 8,
            description: 'How the browser reaches the authenticator.',
            examples: [['internal', 'hybrid']]
          })
        )
      },
      { ...later, description: 'The answer of the authenticator.' }
    )
  },
  {
    ...later,
    title: 'PasskeyRegistration',
    description:
      'What navigator.credentials.create() returned, as toJSON() makes it (RegistrationResponseJSON).'
  }
)

const Challenge = Type.String({
  description: 'What the authenticator signs. It is used once, within five minutes.',
  examples: ['AQdlkj3kT0m9pQ4hUu0mJ0b1Yw8kVx2q1mZ6ZpJ3nYt0Wm4a8kVx2q1mZ6ZpJ3nYt0Wm4a8k']
})
const Timeout = Type.Integer({
  description: 'Milliseconds until the challenge expires.',
  examples: [300_000]
})

const Descriptor = Type.Object(
  {
    id: Type.String({
      description: 'The id of the passkey.',
      examples: ['kJ8pQ2mXv0S4tYw1bC6dEg']
    }),
    type,
    transports: Type.Array(Type.String({ examples: ['internal'] }), {
      description: 'How the browser reaches the authenticator.',
      examples: [['internal', 'hybrid']]
    })
  },
  { title: 'PasskeyDescriptor', description: 'A passkey of the account.' }
)

export const PasskeyRequest = Type.Object(
  {
    challenge: Challenge,
    timeout: Timeout,
    rpId: Type.String({
      description: 'The domain to which passkeys are bound (AUTH_PASSKEY_RP_ID).',
      examples: ['example.com']
    }),
    allowCredentials: Type.Array(Descriptor, {
      description: 'The passkeys that can answer. Empty: any that the browser finds.'
    }),
    userVerification: Type.Enum(['preferred', 'required'], {
      description: 'Whether the authenticator must verify its user, by a PIN or biometrics.'
    })
  },
  {
    title: 'PasskeyRequest',
    description:
      'The options of navigator.credentials.get(), for PublicKeyCredential.parseRequestOptionsFromJSON().'
  }
)

export const PasskeyCreation = Type.Object(
  {
    rp: Type.Object(
      {
        id: Type.String({
          description: 'The domain to which passkeys are bound (AUTH_PASSKEY_RP_ID).',
          examples: ['example.com']
        }),
        name: Type.String({ description: 'The name in AUTH_MAIL_FROM.', examples: ['Example'] })
      },
      { description: 'To whom the passkey belongs.' }
    ),
    user: Type.Object(
      {
        id: Type.String({
          description: 'The user, in base64url.',
          examples: ['N2YxYjBhNTItM2MxZS00YTUzLTlkMGU']
        }),
        name: Type.String({ description: 'The e-mail address.', examples: ['ada@example.com'] }),
        displayName: Type.String({ description: 'The same.', examples: ['ada@example.com'] })
      },
      { description: 'What the authenticator shows.' }
    ),
    challenge: Challenge,
    pubKeyCredParams: Type.Array(
      Type.Object({
        type,
        alg: Type.Integer({ description: 'A COSE algorithm.', examples: [-7] })
      }),
      { description: 'The accepted algorithms: EdDSA, ES256 and RS256.' }
    ),
    timeout: Timeout,
    excludeCredentials: Type.Array(Descriptor, {
      description: 'The passkeys that the user has. Their authenticators add no second one.'
    }),
    authenticatorSelection: Type.Object(
      {
        residentKey: Type.Literal('required', {
          description: 'The passkey is found without an e-mail address.',
          examples: ['required']
        }),
        requireResidentKey: Type.Literal(true, {
          description: 'The same, for older browsers.',
          examples: [true]
        }),
        userVerification: Type.Literal('required', {
          description: 'The authenticator verifies its user.',
          examples: ['required']
        })
      },
      { description: 'What the authenticator must be able to do.' }
    ),
    attestation: Type.Literal('none', {
      description: 'No attestation: nothing identifies the device.',
      examples: ['none']
    })
  },
  {
    title: 'PasskeyCreation',
    description:
      'The options of navigator.credentials.create(), for PublicKeyCredential.parseCreationOptionsFromJSON().'
  }
)
