import { readFileSync } from 'node:fs'
import t from 'tap'
import { readRouteTable } from '../../../src/routes/table/load-route-table.ts'
import { pageWarnings } from '../../../src/routes/table/page-warnings.ts'

const shipped = readFileSync('gateway/routes.yaml', 'utf8')

/** The warnings about the shipped table with some of its text replaced. */
function warningsAfter(changes: readonly (readonly [string, string])[], recentSeconds = 900) {
  const yaml = changes.reduce((text, [before, after]) => {
    if (!text.includes(before)) throw new Error(`the shipped table has no ${before}`)
    return text.replace(before, after)
  }, shipped)
  return pageWarnings(readRouteTable(yaml, {}), recentSeconds)
}

const accountMethods = 'GET: { maxLoginAgeSeconds: 900 }\n      DELETE: { maxLoginAgeSeconds: 900 }'
const addFactor = `GET: {}
      POST: { maxLoginAgeSeconds: 900 }`

t.test('the shipped tables demand nothing that the pages for users do not', async (t) => {
  t.strictSame(warningsAfter([]), [])
  const production = readFileSync('infra/kubernetes/overlays/production/routes.yaml', 'utf8')
  t.strictSame(pageWarnings(readRouteTable(production, {}), 900), [])
})

t.test('a rule that the pages do not obey is named with the pages', async (t) => {
  const only = (changes: readonly (readonly [string, string])[], expected: RegExp) => {
    const [warning, ...others] = warningsAfter(changes)
    t.match(warning, expected)
    t.strictSame(others, [])
  }
  only(
    [[addFactor, addFactor.replace('900', '60')]],
    /: route auth-factors requires a login of at most 60 s for POST\. .*: \/auth\/pages\/factor-totp /
  )
  only(
    [[accountMethods, accountMethods.replace('}', ', acrValues: [aal2] }')]],
    /auth-account requires acrValues for GET\. .*: \/auth\/pages\/export \(/
  )
  only(
    [
      [
        '    audience: auth\n    stripPrefix: /auth\n    credentials: [own-cookies]',
        '$& \n    roles: [staff]'
      ]
    ],
    /auth-password requires roles for POST\. .*: \/auth\/pages\/change-password \(/
  )
  only(
    [[accountMethods, 'GET: { maxLoginAgeSeconds: 900 }']],
    /does not forward DELETE \/auth\/account to the auth service\. .*: \/auth\/pages\/delete-account \(/
  )
  only(
    [['[/auth/register, /auth/login]', '/auth/login']],
    /does not forward POST \/auth\/register .*: \/auth\/pages\/register \(/
  )
  only(
    [['limit: { max: 120,', 'limit: { max: 10,']],
    /auth-recovery allows 10 requests in a minute\. .*: \/auth\/pages\/forgot-password /
  )
})

t.test(
  'the warning about a route ends when the pages have the same rule, or are turned off',
  async (t) => {
    const ofPages = (name: string, rules: string): readonly [string, string] => [
      'routes:\n',
      `routes:
  - name: pages-${name}
    prefix: /auth/pages/${name}
    upstream: auth
    stripPrefix: /auth
    credentials: [own-cookies]
    access: public
    ${rules}
`
    ]
    const closed = [accountMethods, 'GET: { maxLoginAgeSeconds: 900 }'] as const
    t.strictSame(warningsAfter([closed, ofPages('delete-account', 'methods: { GET: {} }')]), [])
    t.strictSame(warningsAfter([closed, ['/auth/pages', '/auth/other-pages']]), [])
    t.strictSame(warningsAfter([[addFactor, addFactor.replace('900', '60')]], 60), [])
    const logins = ['limit: { max: 600,', 'limit: { max: 30,'] as const
    t.match(warningsAfter([logins]), [/\/auth\/pages\/sign-in /])
    const limited = ofPages('sign-in', 'limit: { max: 30, windowSeconds: 60 }')
    t.notMatch(warningsAfter([logins, limited]), [/\/auth\/pages\/sign-in /])
  }
)
