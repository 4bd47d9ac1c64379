import { Type } from 'typebox'
import { publicAccount } from '../accounts/account.ts'
import { canonicalEmail } from '../accounts/email.ts'
import { hashPassword, PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from '../accounts/password.ts'
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

export const register: Route = (service, { accounts, newUser, allowedOrigins, clock }) => {
  service.post(
    '/register',
    {
      schema: { body: Body, response: { 201: UserResponse } },
      onRequest: refuseCrossSite(allowedOrigins)
    },
    async (request, reply) => {
      const { email, password } = request.body
      const canonical = canonicalEmail(email)
      if (canonical === null) throw invalidMember('email', 'must be an e-mail address')
      if (!password.isWellFormed()) throw invalidMember('password', 'must be valid Unicode')

      const passwordHash = await hashPassword(password)
      const account = await accounts.create({ email: canonical, passwordHash, ...newUser }, clock())
      if (account === null) throw emailTaken()
      return reply.code(201).send({ user: publicAccount(account) })
    }
  )
}
