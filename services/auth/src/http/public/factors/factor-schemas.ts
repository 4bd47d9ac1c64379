import { Type } from 'typebox'
import type { NewFactor } from '../../../factors/own/own-factors.ts'
import { qrCode } from '../../../factors/totp/qr-code.ts'
import { Factor, shownFactor } from '../../factor-response.ts'

/** What requests and responses about second factors have in common. */

export const Totp = Type.String({
  pattern: '^[0-9]{3} ?[0-9]{3}$',
  description: 'The six digits that the authenticator app shows now. Each code works once.',
  examples: ['492039']
})

/** The six digits, as they are compared. */
export const digitsOf = (totp: string): string => totp.replace(' ', '')

export const RecoveryCode = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'One of the recovery codes. Each works once.',
  examples: ['ynx4-7qvd-3kzo-hfe2']
})

export const RecoveryCodes = Type.Array(Type.String({ examples: ['ynx4-7qvd-3kzo-hfe2'] }), {
  description:
    'Ten codes, each of which works once in place of the authenticator. They are shown once: the user should print them.',
  examples: [['ynx4-7qvd-3kzo-hfe2', 'b6lw-m2ts-9gpa-ceu5']]
})

/** The default names. */
export const DEFAULT_NAME = 'Authenticator'
export const DEFAULT_PASSKEY_NAME = 'Passkey'

export const NewTotp = Type.Object(
  {
    factor: Factor,
    secret: Type.String({
      description: 'The secret in base32, for people who type it into their app. Shown once.',
      examples: ['JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP']
    }),
    uri: Type.String({
      description: 'What the QR code says.',
      examples: ['otpauth://totp/Gatehouse:ada%40example.com?secret=JBSWY3DPEHPK3PXP']
    }),
    qr: Type.Object(
      {
        dataUri: Type.String({
          description: 'The QR code as an image (a PNG), for the src of an img element.',
          examples: ['data:image/png;base64,iVBORw0KGgo']
        }),
        text: Type.String({
          description: 'The QR code as text, for a terminal.',
          examples: ['█▀▀▀▀▀█ ▄▀ █▀▀▀▀▀█']
        })
      },
      { description: 'The QR code for the authenticator app.' }
    )
  },
  {
    title: 'NewAuthenticator',
    description: 'The secret of a new authenticator, which becomes active when it is confirmed.'
  }
)

export const shownNewFactor = ({ factor, secret, uri }: NewFactor) => ({
  factor: shownFactor(factor),
  secret,
  uri,
  qr: qrCode(uri)
})

export const FactorParams = Type.Object({
  id: Type.String({
    maxLength: 64,
    description: 'The id of the factor, as GET /auth/factors shows it.',
    examples: ['k3VxE0o9W1lQn5cT7yB2dA']
  })
})

export const recentLogin = 'The shipped route table requires a login within the last 15 minutes.'
