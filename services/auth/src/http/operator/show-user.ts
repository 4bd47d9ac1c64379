import { Type } from 'typebox'
import { hashName } from '../../accounts/hashes/hash-kinds.ts'
import { findUser } from './find-user.ts'
import type { OpsRoutes } from './ops-routes.ts'
import { toUser, User, UserParams } from './user-response.ts'

const Shown = Type.Object({
  user: User,
  /**
   * the kind of the stored hash: argon2id; for an imported user who has not signed in yet, another
   * kind or none
   */
  passwordHash: Type.String(),
  /** how many sessions are live */
  sessions: Type.Integer()
})

/** One user, by id or e-mail address. */
export const showUser: OpsRoutes = (service, { accounts, sessions }) => {
  service.get(
    '/users/:user',
    { schema: { params: UserParams, response: { 200: Shown } } },
    async ({ params }) => {
      const account = await findUser(accounts, params.user)
      const live = await sessions.list(account.id)
      return {
        user: toUser(account),
        passwordHash: hashName(account.passwordHash),
        sessions: live.length
      }
    }
  )
}
