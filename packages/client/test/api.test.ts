import { readFileSync } from 'node:fs'
import t from 'tap'

type Schema = {
  readonly properties: Readonly<Record<string, { readonly enum?: readonly string[] }>>
  readonly required: readonly string[]
}

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const schemas: Record<string, Schema> = JSON.parse(read('../../../api/public.json')).components
  .schemas

/** The members of a type, and whether each is optional. */
function membersOf(type: string): Map<string, boolean> {
  const [, body = ''] =
    new RegExp(`export type ${type} = {([\\s\\S]*?)\\n}`).exec(read('../src/api.ts')) ?? []
  const members = [...body.matchAll(/^ {2}readonly (\w+)(\?)?:/gm)]
  return new Map(members.map(([, name = '', optional]) => [name, optional !== undefined]))
}

/**
 * The schemas of the API that correspond to a type of the client, except the schema with the same
 * name.
 */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  EmailAddress: ['ForgottenPassword', 'NewEmail'],
  LetterLink: ['EmailChangeLink']
}

t.test('the types of the client are those of the API description', async (t) => {
  const types = [
    'Login',
    'FactorAnswer',
    'ProviderLogin',
    'Provider',
    'Identity',
    'Registration',
    'User',
    'TokenResponse',
    'EmailAddress',
    'LetterLink',
    'PasswordReset',
    'PasswordChange',
    'EmailVerification',
    'UnverifiedEmail',
    'SentLetter',
    'VerifiedEmail',
    'UndoneEmail',
    'AccountDeletion'
  ]
  for (const type of types) {
    for (const schema of otherNames[type] ?? [type]) {
      const { properties = {}, required = [] } = schemas[schema] ?? {}
      const described = Object.keys(properties).map(
        (name) => [name, !required.includes(name)] as const
      )
      // The client itself chooses the delivery of a login.
      const expected = new Map(described.filter(([name]) => name !== 'delivery'))
      t.strictSame(membersOf(type), expected, schema)
    }
  }
})

t.test('the codes of the client are those of the API description', async (t) => {
  const [, union = ''] = /export type ServerCode =([^/]*)/.exec(read('../src/problem.ts')) ?? []
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code)
  t.strictSame(codes.sort(), [...(schemas.Problem?.properties.code?.enum ?? [])].sort())
})
