import t from 'tap'
import { email, password, registered } from '../../../fixtures/auth-service.ts'
import { databaseKinds } from '../../../fixtures/database/databases.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import {
  forbidden,
  newEmail,
  ownerPassword,
  signedInUser,
  thiefs
} from '../fixtures/changing-email.ts'

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: a new address is used once it is confirmed, and sessions continue`,
    { skip },
    async (t) => {
      const auth = await signedInUser(t, await (await make(t)).open())
      t.equal((await auth.ask(newEmail)).statusCode, 202)
      const { name, token } = await auth.letter(newEmail)
      t.equal(name, 'change-email')
      t.equal(await auth.signIn(email), 200, 'nothing has changed')
      t.equal((await auth.post('/email/confirm', { token })).statusCode, 204)
      t.equal(await auth.signIn(email), 401)
      t.equal(await auth.signIn(newEmail), 200)
      const { refreshToken } = auth.tokens
      t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 200)
      isProblem(t, await auth.post('/email/confirm', { token }), forbidden, 'once')
      t.equal((await auth.letter(email)).name, 'email-changed', 'the previous address is notified')
    }
  )

  t.test(
    `${name}: the owner of the previous address takes the account back, whatever a thief did meanwhile`,
    { skip },
    async (t) => {
      const auth = await signedInUser(t, await (await make(t)).open())
      await auth.change(thiefs)
      const undo = (await auth.letter(email)).token
      await auth.change('thief2@example.net')
      await auth.post('/password/forgot', { email: 'thief2@example.net' })
      const reset = await auth.letter('thief2@example.net')
      t.equal(reset.name, 'password-reset')
      const set = { token: reset.token, newPassword: 'the password of a thief' }
      t.equal((await auth.post('/password/reset', set)).statusCode, 204)
      t.equal(await auth.signIn('thief2@example.net', set.newPassword), 200)
      t.equal((await auth.post('/register', { email, password })).statusCode, 409, 'reserved')

      const undone = await auth.post('/email/undo', { token: undo })
      t.equal(undone.statusCode, 200)
      t.equal(await auth.signIn('thief2@example.net', set.newPassword), 401)
      t.equal(await auth.signIn(email, set.newPassword), 401)
      const { resetToken: token } = undone.json()
      await auth.post('/password/reset', { token, newPassword: ownerPassword })
      t.equal(await auth.signIn(email, ownerPassword), 200)
      const later = (await auth.letter(thiefs)).token
      isProblem(t, await auth.post('/email/undo', { token: later }), forbidden, 'no way back')
      isProblem(t, await auth.post('/email/undo', { token: undo }), forbidden, 'once')
    }
  )

  t.test(
    `${name}: a thief who undoes a change of their own leaves the owner's link as it is`,
    { skip },
    async (t) => {
      const auth = await signedInUser(t, await (await make(t)).open())
      await auth.change(thiefs)
      const undo = (await auth.letter(email)).token
      await auth.change('thief2@example.net')
      const own = (await auth.letter(thiefs)).token
      t.equal((await auth.post('/email/undo', { token: own })).statusCode, 200)
      t.equal((await auth.post('/register', { email, password })).statusCode, 409, 'reserved')
      const undone = await auth.post('/email/undo', { token: undo })
      t.equal(undone.statusCode, 200)
      const { resetToken: token } = undone.json()
      await auth.post('/password/reset', { token, newPassword: ownerPassword })
      t.equal(await auth.signIn(email, ownerPassword), 200)
    }
  )

  t.test(
    `${name}: an address that another account has is not taken, and no response reveals it`,
    { skip },
    async (t) => {
      const auth = await signedInUser(t, await (await make(t)).open())
      await registered(auth, 'ben@example.com')
      const free = await auth.ask(newEmail)
      const taken = await auth.ask('ben@example.com')
      t.strictSame([taken.statusCode, taken.body], [free.statusCode, free.body])
      t.equal((await auth.letter('ben@example.com')).name, 'already-registered')
      const { token } = await auth.letter(newEmail)
      await registered(auth, newEmail)
      isProblem(t, await auth.post('/email/confirm', { token }), forbidden, 'taken meanwhile')
      t.equal(await auth.signIn(email), 200)
    }
  )
}
