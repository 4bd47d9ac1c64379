import { Type } from 'typebox'
import { publicAccount } from '../accounts/account.ts'
import { canonicalEmail } from '../accounts/email.ts'
import {
  PASSWORD_MAX_LENGTH,
  PASSWORD_MIN_LENGTH,
  passwordFault
} from '../accounts/password-rules.ts'
import { emailTaken, invalidMember } from '../refusals.ts'
import type { Route } from './needs.ts'
import { refuseCrossSite } from './refuse-cross-site.ts'
import { UserResponse } from './user-response.ts'

const Body = Type.Object(
  {
    email: Type.String({ minLength: 1, maxLength: 254 }),
    password: Type.String({ minLength: PASSWORD_MIN_LENGTH, maxLength: PASSWORD_MAX_LENGTH })
  },
  { additionalProperties: false }
)

export const register: Route = (service, needs) => {
  const { accounts, passwords, newUser, allowedOrigins, limitAddress, clock } = needs
  service.post(
    '/register',
    {
      schema: { body: Body, response: { 201: UserResponse } },
      onRequest: [refuseCrossSite(allowedOrigins), limitAddress]
    },
    async (request, reply) => {
      const { email, password } = request.body
      const canonical = canonicalEmail(email)
      if (canonical === null) throw invalidMember('email', 'must be an e-mail address')
      const fault = passwordFault(password, canonical)
      if (fault !== null) throw invalidMember('password', fault)

      const passwordHash = await passwords.hash(password)
      const account = await accounts.create({ email: canonical, passwordHash, ...newUser }, clock())
      if (account === null) throw emailTaken()
      return reply.code(201).send({ user: publicAccount(account) })
    }
  )
}
