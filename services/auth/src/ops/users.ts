import { Type } from 'typebox'
import type { Account } from '../accounts/account.ts'
import { canonicalEmail } from '../accounts/email.ts'
import {
  PASSWORD_MAX_LENGTH,
  PASSWORD_MIN_LENGTH,
  passwordFault
} from '../accounts/password-rules.ts'
import { emailTaken, invalidMember } from '../refusals.ts'
import { findUser } from './find-user.ts'
import type { OpsRoutes } from './ops-api.ts'
import { opsOrigin } from './ops-origin.ts'

/** RFC 6749 §3.3, and no comma, which separates roles in a header */
const Word = Type.String({ pattern: '^[\\x21\\x23-\\x2b\\x2d-\\x5b\\x5d-\\x7e]{1,64}$' })
const Words = Type.Array(Word, { maxItems: 64, uniqueItems: true })

const Created = Type.Object(
  {
    email: Type.String({ minLength: 1, maxLength: 254 }),
    password: Type.String({ minLength: PASSWORD_MIN_LENGTH, maxLength: PASSWORD_MAX_LENGTH }),
    roles: Type.Optional(Words),
    scope: Type.Optional(Words)
  },
  { additionalProperties: false }
)
const User = Type.Object({
  id: Type.String(),
  email: Type.String(),
  roles: Type.Array(Type.String()),
  scope: Type.Array(Type.String()),
  disabled: Type.Boolean(),
  /** ISO 8601 */
  createdAt: Type.String()
})
const UserAnswer = Type.Object({ user: User })
const Params = Type.Object({ user: Type.String({ minLength: 1, maxLength: 254 }) })
const Page = Type.Object({
  after: Type.String({ default: '', maxLength: 254 }),
  limit: Type.String({ default: '100', pattern: '^([1-9]\\d{0,2}|1000)$' })
})

export const userRoutes: OpsRoutes = (service, needs) => {
  const { accounts, families, passwords, audit, newUser, clock } = needs

  service.post(
    '/users',
    { schema: { body: Created, response: { 201: UserAnswer } } },
    async (request, reply) => {
      const { email, password, roles = newUser.roles, scope = newUser.scope } = request.body
      const canonical = canonicalEmail(email)
      if (canonical === null) throw invalidMember('email', 'must be an e-mail address')
      const fault = passwordFault(password, canonical)
      if (fault !== null) throw invalidMember('password', fault)
      const passwordHash = await passwords.hash(password)
      const account = await accounts.create(
        { email: canonical, passwordHash, roles, scope },
        clock()
      )
      if (account === null) throw emailTaken()
      await audit.write({
        kind: 'user-created',
        subject: account.id,
        sid: null,
        origin: opsOrigin(request)
      })
      return reply.code(201).send({ user: toUser(account) })
    }
  )

  service.get(
    '/users',
    {
      schema: {
        querystring: Page,
        response: {
          200: Type.Object({
            users: Type.Array(User),
            next: Type.Union([Type.String(), Type.Null()])
          })
        }
      }
    },
    async ({ query }) => {
      const limit = Number(query.limit)
      const found = await accounts.list({ after: query.after, limit })
      return {
        users: found.map(toUser),
        next: found.length < limit ? null : (found.at(-1)?.email ?? null)
      }
    }
  )

  service.put(
    '/users/:user/roles',
    {
      schema: {
        params: Params,
        body: Type.Object({ roles: Words }, { additionalProperties: false }),
        response: { 200: UserAnswer }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const { roles } = request.body
      await accounts.setRoles(account.id, roles)
      await audit.write({
        kind: 'roles-changed',
        subject: account.id,
        sid: null,
        origin: opsOrigin(request)
      })
      return { user: toUser({ ...account, roles }) }
    }
  )

  service.post(
    '/users/:user/disable',
    {
      schema: {
        params: Params,
        response: { 200: Type.Object({ user: User, ended: Type.Integer() }) }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      // First: a login that is under way looks at it once more after it has opened its session.
      const changed = await accounts.setDisabled(account.id, true, clock())
      const ended = await families.endAll(account.id, null)
      if (changed) {
        await audit.write({
          ...{ kind: 'user-disabled', subject: account.id, sid: null, origin: opsOrigin(request) },
          detail: { ended }
        })
      }
      return { user: toUser({ ...account, disabled: true }), ended }
    }
  )

  service.post(
    '/users/:user/enable',
    { schema: { params: Params, response: { 200: UserAnswer } } },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const changed = await accounts.setDisabled(account.id, false, clock())
      if (changed) {
        await audit.write({
          kind: 'user-enabled',
          subject: account.id,
          sid: null,
          origin: opsOrigin(request)
        })
      }
      return { user: toUser({ ...account, disabled: false }) }
    }
  )
}

function toUser({ id, email, roles, scope, disabled, createdAt }: Account) {
  return {
    ...{ id, email, roles: [...roles], scope: [...scope], disabled },
    createdAt: new Date(createdAt * 1000).toISOString()
  }
}
