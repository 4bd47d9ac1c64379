import { readFileSync } from 'node:fs'
import { apiFile, apiFiles, consoleTypesFile } from '@gatehouse/api/testing/api-files'
import { collectRoutes } from '@gatehouse/api/testing/collect-routes'
import { consoleTypes } from '@gatehouse/api/testing/console-types'
import { documentedTraffic } from '@gatehouse/fixtures/documented-traffic'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Validator } from '@seriousme/openapi-schema-validator'
import t, { type Test } from 'tap'

type Json = { readonly [member: string]: unknown }

const files = Object.keys(apiFiles).map((name) => ({
  name,
  text: readFileSync(apiFile(name), 'utf8')
}))

t.test('api/*.json describes the routes of a running system', async (t) => {
  const { listeners } = await collectRoutes(() => wholeSystem(t))
  for (const { name, text } of files) {
    t.ok(apiFiles[name]?.(listeners) === text, `${name}: if not, make it again: npm run api`)
  }
})

t.test('the types of the console are those of api/operator.json', async (t) => {
  const document = readFileSync(apiFile('operator.json'), 'utf8')
  const isSame = readFileSync(consoleTypesFile, 'utf8') === consoleTypes(document)
  t.ok(isSame, 'if not, make them again: npm run api')
})

/** Rules that are not in the recommended set. */
const rules = {
  'operation-description': 'error',
  'operation-singular-tag': 'error',
  'operation-tag-defined': 'error',
  'parameter-description': 'error',
  'scalar-property-missing-example': 'error',
  // A redirect is a success too; the next test looks for both.
  'operation-2xx-response': 'off'
} as const

t.test('the linter of Redocly and a second parser find no fault in api/*.json', async (t) => {
  const config = await createConfig({ extends: ['recommended-strict'], rules })
  for (const { name, text } of files) {
    const found = await lintFromString({ source: text, absoluteRef: `/${name}`, config })
    t.strictSame(
      found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
      [],
      `${name}: the linter`
    )
    const { valid, errors } = await new Validator().validate(JSON.parse(text))
    t.ok(valid, `${name}: the parser`, { errors })
  }
})

t.test('every operation in api/*.json can succeed', async (t) => {
  for (const { name, text } of files) {
    const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, Json>> }
    const operations = Object.values(paths).flatMap((path) => Object.values(path))
    const statuses = operations.flatMap(({ responses }) =>
      responses === undefined ? [] : [Object.keys(responses ?? {})]
    )
    t.ok(statuses.length > 0, name)
    t.ok(
      statuses.every((of) => of.some((status) => /^(2\d\d|303)$/.test(status))),
      name
    )
  }
})

/** The members of all schemas without a description, as paths in the document. */
function undescribed(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { properties, allOf } = value as { properties?: Json; allOf?: unknown }
  // An error of an operation only narrows the members of another schema.
  if (allOf !== undefined) return []
  const own = Object.entries(properties ?? {}).flatMap(([name, member]) => {
    const { description, $ref } = member as { description?: string; $ref?: string }
    return description || $ref ? [] : [`${path}/${name}`]
  })
  return [
    ...own,
    ...Object.entries(value).flatMap(([name, one]) => undescribed(one, `${path}/${name}`))
  ]
}

t.test('api/*.json describes every member', async (t) => {
  for (const { name, text } of files) t.strictSame(undescribed(JSON.parse(text)), [], name)
  const nameless = { properties: { id: { type: 'string' } } }
  t.strictSame(undescribed({ nameless }), ['/nameless/id'], 'a member without one is found')
})

/** A response of `GET /auth/me`, with a part of it replaced. */
const exchange = (change: { status?: number; headers?: Json; body?: Json }) => ({
  method: 'GET',
  path: '/auth/me',
  requestBody: null,
  status: change.status ?? 200,
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-request-id': 'd7908685-2b28-47ad-92b4-7e2dee337653',
    ...change.headers
  },
  body: JSON.stringify({
    user: { id: '1', email: 'ada@example.com', roles: ['user'] },
    session: { id: '2' },
    ...change.body
  })
})

t.test('the check of traffic finds what api/public.json does not say', async (t: Test) => {
  const faultsOf = documentedTraffic('public')
  t.strictSame(faultsOf(exchange({})), [], 'a documented response is right')
  const cases = [
    { change: { status: 418 }, fault: /418 is not documented/, title: 'a status' },
    { change: { headers: { 'x-new': '1' } }, fault: /x-new is not documented/, title: 'a header' },
    {
      change: { headers: { 'x-request-id': undefined } },
      fault: /x-request-id is missing/,
      title: 'a missing header'
    },
    { change: { body: { extra: 1 } }, fault: /extra/, title: 'a member' },
    {
      change: { body: { session: { id: '2', secret: 'x' } } },
      fault: /secret/,
      title: 'a member of a member'
    },
    { change: { body: { session: {} } }, fault: /required property 'id'/, title: 'no member' }
  ]
  for (const { change, fault, title } of cases) {
    const [found = '', ...others] = faultsOf(exchange(change))
    t.match(found, fault, title)
    t.strictSame(others, [], `${title}: nothing else`)
  }
})
