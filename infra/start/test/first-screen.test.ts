import t from 'tap'
import { firstScreen } from '../first-screen.ts'

t.test('the first screen says where this installation writes e-mails', async (t) => {
  const system = { url: 'http://127.0.0.1:3000', services: [], apiPage: null }
  const screen = firstScreen(system, null, '/var/lib/gatehouse')
  t.match(screen, 'e-mails to users are written to /var/lib/gatehouse/mail (docs/mail.md)')
  t.ok(screen.endsWith('\nready http://localhost:3000\n'), 'scripts read the last line')
})
