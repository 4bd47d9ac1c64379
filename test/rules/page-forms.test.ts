import { pageForms } from '@gatehouse/gateway/testing/routes/pages-of-routes'
import t from 'tap'
import { filesBelow, read } from './fixtures/source-files.ts'

/** These lead to a provider, through a route of the gateway. */
const leading = ['provider-confirm', 'provider-link', 'sign-in-provider']
/** They are added in a loop. */
const emailLinks = ['confirm-email', 'undo-email']

t.test('the gateway knows every form of the pages for users', async (t) => {
  const sent = filesBelow(['services/auth/src/http/pages'], /\.ts$/).flatMap(({ text }) =>
    [...text.matchAll(/service\.post\(\s*'\/([a-z-]+)'/g)].map(([, name = '']) => name)
  )
  t.strictSame(
    pageForms.map(({ page }) => page).toSorted(),
    [...sent.filter((name) => !leading.includes(name)), ...emailLinks].toSorted()
  )
})

t.test('each form of the pages stands for an operation of the public API', async (t) => {
  const { paths } = JSON.parse(read('api/public.json')) as { paths: Record<string, object> }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('{id}', 'id')}`)
  )
  const unknown = pageForms.filter(({ method, path }) => !operations.includes(`${method} ${path}`))
  t.strictSame(unknown, [])
})
