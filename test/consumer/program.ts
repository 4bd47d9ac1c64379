import { createClient, type GatehouseClient, GatehouseProblem } from '@gatehouse/client'
import { accountOf, type Account as ClientAccount } from '@gatehouse/client/account'
import { beginLogin, type Providers, providersOf } from '@gatehouse/client/providers'

/**
 * If a declaration could not be read, it would be `any`, and the compiler would accept everything.
 */
type IsAny<Type> = 0 extends 1 & Type ? true : false
const isAny:
  | IsAny<GatehouseClient>
  | IsAny<GatehouseProblem['code']>
  | IsAny<ClientAccount>
  | IsAny<Providers> = false
if (isAny) throw new Error('the types are those of the package')

export type Account = {
  readonly baseUrl: string
  readonly email: string
  readonly password: string
}

/** A program in a repository of its own: it signs in and calls a service. */
export async function signInAndCall({ baseUrl, email, password }: Account) {
  const gatehouse = createClient({ baseUrl, delivery: 'body' })
  const failure = await gatehouse.login({ email, password: 'not this' }).catch((error) => error)
  const { id } = await gatehouse.login({ email, password })
  const response = await gatehouse.fetch('/echo/hello')
  const { headers } = (await response.json()) as { headers: Record<string, string> }
  const { resetPassword } = accountOf(gatehouse)
  const link = { token: 'unknown', newPassword: password }
  const refusal = await resetPassword(link).catch((error) => error)
  const providers = await providersOf(gatehouse).list()
  const { url } = await beginLogin('acme', { baseUrl })
  await gatehouse.logout()
  return {
    providers,
    loginUrl: new URL(url).pathname,
    linkCode: refusal instanceof GatehouseProblem ? refusal.code : null,
    code: failure instanceof GatehouseProblem ? failure.code : null,
    isSameSession: headers['x-auth-session'] === id,
    email: headers['x-auth-email'],
    afterwards: await gatehouse.session()
  }
}
