import t from 'tap'
import { read } from './fixtures/source-files.ts'

t.test('each stage of the journey is called once, in the order of the policy', async (t) => {
  const journey = read('gateway/src/journey.ts')
  const imported = [...journey.matchAll(/^import \{([^}]*)\} from '\.\/stages\//gm)]
    .flatMap(([, names = '']) => names.split(',').map((name) => name.trim()))
    .filter((name) => !name.startsWith('type '))
  const called = [...journey.matchAll(/\b(\w+)\(/g)].map(([, name = '']) => name)
  t.strictSame(
    called.filter((name) => imported.includes(name)),
    [
      'strip',
      'refuseOtherHost',
      'match',
      'refuseBodyOnGet',
      'translateDestination',
      'checkUpgrade',
      'authenticate',
      'refuseOtherAudience',
      'refuseRevoked',
      'refuseLargeBody',
      'limit',
      'requireAccess',
      'stamp'
    ]
  )
})
