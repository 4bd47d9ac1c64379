import t from 'tap'
import { edge } from '../fixtures/edge.ts'
import { askedFromHere, bearer, forms, type Lines, subrequest } from './fixtures/subrequest.ts'

let isFramework = false
let plain = 0
const gateway = await edge(t, {
  ...askedFromHere,
  routes: `
  - { name: admins, prefix: /admins, upstream: service, roles: [root] }
  - { name: optional, prefix: /optional, upstream: service, access: optional }
  - { name: reads, prefix: /reads, upstream: service, methods: { GET: {} } }
  - { name: counted, prefix: /counted, upstream: service, limit: { max: 1000, windowSeconds: 60, by: subject } }
`,
  usesFramework() {
    plain += 1
    return isFramework
  }
})

/** Replaces the parts that differ in every answer: ids, spans and dates. */
const masked = (answer: unknown): string =>
  JSON.stringify(answer)
    .replace(/"date":"[^"]+"/, '"date"')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'id')
    .replace(/[0-9a-f]{32}-[0-9a-f]{16}/g, 'trace')

const targets = ['/closed/a?b=c', '/admins', '/optional', '/reads', '/counted', '/no', '/a//b']
const token = gateway.token()
const more: readonly Lines[] = [
  [],
  bearer(token),
  bearer('no token'),
  bearer(gateway.token({ exp: 1 })),
  [...bearer(token), 'Upgrade: h2c', 'Connection: upgrade'],
  [...bearer(token), 'x_auth_subject: evil'],
  [...bearer(token), 'X-HTTP-Method-Override: DELETE'],
  [...bearer(token), 'Cookie: a=1; __Host-refresh=secret'],
  [...bearer(token), 'X-Forwarded-Uri: /open'],
  [...bearer(token), 'Content-Length: 0']
]

t.test('a proxy gets the same answer with and without the framework', async (t) => {
  for (const form of Object.values(forms)) {
    for (const target of targets) {
      for (const lines of more) {
        const { path, lines: described } = form({ method: 'GET', target })
        const sent = { path, lines: [...described, ...lines] }
        const answers: string[] = []
        for (isFramework of [false, true]) answers.push(masked(await subrequest(gateway, sent)))
        if (answers[0] !== answers[1]) t.strictSame(answers[0], answers[1], sent.lines.join(', '))
      }
    }
  }
  t.ok(plain > targets.length * more.length, 'most subrequests could go without it')
})
