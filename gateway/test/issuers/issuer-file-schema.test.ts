import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { issuerFileSchema } from '../../src/issuers/issuer-file-schema.ts'

const FILE = 'gateway/issuers.schema.json'
const schema = readFileSync(FILE, 'utf8')

t.test('the schema for editors is the one that the gateway uses', async (t) => {
  t.equal(
    schema,
    issuerFileSchema(),
    `generate it again: npm run -s ops -- issuers schema > ${FILE}`
  )
  const isValid = new Ajv2020().compile(JSON.parse(schema))
  const entry = { name: 'acme', issuer: 'https://acme.example', audience: ['a', 'b'] }
  const holds = (changes: object) => isValid({ issuers: [{ ...entry, ...changes }] })
  t.ok(holds({}), 'members with a default are optional')
  t.ok(holds({ type: 'keycloak', claims: { roles: ['a', 'b'], email: null }, require: { a: [1] } }))
  for (const wrong of [{ type: 'other' }, { audiences: 'a' }, { claims: { role: 'a' } }]) {
    t.notOk(holds(wrong), JSON.stringify(wrong))
  }
})
