import { requireIdentity } from '@gatehouse/identity/identity'
import { Type } from 'typebox'
import { publicAccount } from '../../accounts/account.ts'
import { noAccount, sessionEnded } from '../../refusals.ts'
import type { Route } from './needs.ts'
import { User } from './user-response.ts'

const Response = Type.Object({ user: User, session: Type.Object({ id: Type.String() }) })

export const me: Route = (service, { accounts }) => {
  service.get('/me', { schema: { response: { 200: Response } } }, async (request) => {
    const { subject, session } = requireIdentity(request)
    if (session === null) throw noAccount()
    const account = await accounts.findById(subject)
    if (account === null) throw sessionEnded('no such account')
    return { user: publicAccount(account), session: { id: session } }
  })
}
