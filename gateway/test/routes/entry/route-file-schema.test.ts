import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { parse } from 'yaml'
import { routeFileSchema } from '../../../src/routes/entry/route-file-schema.ts'

const FILE = 'gateway/routes.schema.json'
const schema = readFileSync(FILE, 'utf8')

t.test('the schema for editors is the one that the gateway uses', async (t) => {
  t.equal(schema, routeFileSchema(), `generate it again: npm run -s ops -- routes schema > ${FILE}`)
  t.match(
    readFileSync('gateway/routes.yaml', 'utf8'),
    /^# yaml-language-server: \$schema=routes\.schema\.json$/m
  )
})

t.test(
  'the schema works in other validators, with environment variables in the table',
  async (t) => {
    const isValid = new Ajv2020().compile(JSON.parse(schema))
    const table = parse(readFileSync('gateway/routes.yaml', 'utf8'))
    t.ok(isValid(table), JSON.stringify(isValid.errors))
    const [route] = table.routes
    t.notOk(
      isValid({ ...table, routes: [{ ...route, acces: 'public' }] }),
      'a member that there is not'
    )
    t.notOk(
      isValid({ ...table, routes: [{ ...route, methods: { get: {} } }] }),
      'a method in small letters'
    )
    t.notOk(isValid({ ...table, upstreams: { a: { addresses: [] } } }))
  }
)
