import { createClient, type GatehouseClient, GatehouseProblem } from '@gatehouse/client'

/** A declaration that could not be read would be `any`, and the compiler would accept everything. */
type IsAny<Type> = 0 extends 1 & Type ? true : false
const isAny: IsAny<GatehouseClient> | IsAny<GatehouseProblem['code']> = false
if (isAny) throw new Error('the types are those of the package')

/** A program in a repository of its own, which signs in and calls a service. */
const [baseUrl = '', email = '', password = ''] = process.argv.slice(2)
const gatehouse = createClient({ baseUrl, delivery: 'body' })

const failure = await gatehouse.login({ email, password: 'not this' }).catch((error) => error)
const { id } = await gatehouse.login({ email, password })
const response = await gatehouse.fetch('/echo/hello')
const { headers } = (await response.json()) as { headers: Record<string, string> }
await gatehouse.logout()
const told = {
  code: failure instanceof GatehouseProblem ? failure.code : null,
  isSameSession: headers['x-auth-session'] === id,
  email: headers['x-auth-email'],
  afterwards: await gatehouse.session()
}
process.stdout.write(JSON.stringify(told))
