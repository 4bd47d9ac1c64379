import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { house } from '@gatehouse/fixtures/house'
import { processEnvironment } from '@gatehouse/fixtures/program'
import t from 'tap'
import { read } from './source-files.ts'

/** The shell blocks of the README under a heading, as one script. */
function shellUnder(heading: string): string {
  const section = read('README.md')
    .split(/^## /m)
    .find((part) => part.startsWith(heading))
  return [...(section ?? '').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code]) => code).join('\n')
}

t.test('the journey of the README, pasted into a shell, does what it says', async (t) => {
  const folder = dataFolder(t)
  const { url } = await house(t, { GATEHOUSE_DATA_DIR: folder })
  const journey = shellUnder('The journey')
  t.match(journey, 'API=http://localhost:3000', 'it is the journey through the gateway')

  const script = journey.replace('http://localhost:3000', url)
  const { stdout: output } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    env: { ...processEnvironment(), GATEHOUSE_DATA_DIR: folder }
  })

  const statuses = [...output.matchAll(/^→ (\d{3})$/gm)].map(([, status]) => Number(status))
  t.strictSame(
    statuses,
    [201, 401, 401, 200, 201, 200, 204, 401, 200],
    'register, wrong password, no token, echo, order, me, logout, refused, a machine’s orders'
  )
  t.match(output, '"x-auth-subject":', 'the service saw who is calling')
  t.notMatch(output, 'somebody-else', 'and not what somebody wrote in its place')
  t.match(output, /root@example\.com +admin/, 'the operator has made an admin')
  t.match(output, /login-failed/, 'and reads of the wrong password')
  t.match(output, 'the same successor', 'a racing refresh got what the first one got')
})
