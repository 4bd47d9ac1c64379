import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { apiFile } from '@gatehouse/api/testing/api-files'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { missingProgram } from '@gatehouse/fixtures/missing-program'
import { processEnvironment } from '@gatehouse/fixtures/program'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t, { type Test } from 'tap'

/** The library fetches it, unless its cache has it under the digest of its address. */
const SCHEMA_OF_OPENAPI = 'https://spec.openapis.org/oas/3.1/schema/2021-05-20'

/** The cache of JSON::Validator, with the schema of OpenAPI 3.1. */
function schemaCache(t: Test): string {
  const folder = dataFolder(t)
  const validator = createRequire(import.meta.url).resolve('@seriousme/openapi-schema-validator')
  const name = createHash('md5').update(SCHEMA_OF_OPENAPI).digest('hex')
  copyFileSync(join(validator, '../schemas/v3.1/schema.json'), join(folder, name))
  return folder
}

const noPerl = missingProgram('perl', '-MOpenAPI::Client', '-e', '1')

t.test(
  'a client made from api/public.json opens, refreshes and ends a session, in another language',
  { skip: noPerl },
  async (t) => {
    const { url } = await wholeSystem(t)
    const words = ['examples/perl/session.pl', apiFile('public.json'), url, 'ada@example.com']
    const env = {
      ...processEnvironment(),
      JSON_VALIDATOR_CACHE_PATH: schemaCache(t),
      PASSWORD: 'correct horse battery'
    }
    const perl = spawn('perl', words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const [output, errors] = await Promise.all([
      text(perl.stdout),
      text(perl.stderr),
      once(perl, 'close')
    ])
    t.equal(errors, '')
    t.equal(perl.exitCode, 0)
    t.strictSame(output.trim().split('\n'), [
      'register 201',
      'login 401 UNAUTHENTICATED',
      'login 200',
      'refreshToken 200',
      'getMe 200',
      'listSessions 200',
      'logout 204',
      'getMe 401 SESSION_ENDED',
      'refreshToken 401 SESSION_ENDED'
    ])
  }
)
