import { browser, browserMissing } from '@gatehouse/fixtures/browser'
import { eventually } from '@gatehouse/fixtures/client'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { FLEET_PATIENCE_MS } from '@gatehouse/fixtures/gateway-fleet'
import { installation } from '@gatehouse/fixtures/installation'
import { operator } from '@gatehouse/fixtures/operator'
import { postgresMissing } from '@gatehouse/fixtures/postgres-server'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import t, { type Test } from 'tap'
import { openView } from './fixtures/opened-console.ts'

const skip = browserMissing || redisMissing || postgresMissing
/** A gateway that is paused is listed for ten seconds, and is silent in the last five of them. */
const SILENT_MS = 12_000

/** Four gateways: one gets the key set late, and one can be paused. */
async function lagging(t: Test) {
  const system = await installation(t, { auths: 1, gateways: 2 })
  const [auth] = system.auths
  if (auth === undefined) throw new Error('there is no auth service')
  const link = await flakyLink(t, Number(new URL(auth.url).port))
  const keySet = `http://127.0.0.1:${link.port}/.well-known/jwks.json`
  const [slow, paused] = await Promise.all([
    system.startGateway({ GATEWAY_JWKS_URL: keySet }),
    system.startGateway()
  ])
  t.teardown(() => {
    process.kill(paused.pid, 'SIGCONT')
  })
  const page = await (await (await browser(t)).newContext()).newPage()
  await page.goto(String((await operator(system.folder)(['console', '--json'])).json.url))
  return { page, link, slow, paused }
}

t.test('an operator sees which gateways hold up a rotation, and why', { skip }, async (t) => {
  const { page, link, slow, paused } = await lagging(t)
  await openView(page, 'Keys')
  const rotation = page.getByRole('region', { name: 'Rotation' })
  const of = ({ pid }: { readonly pid: number }) =>
    rotation.getByRole('listitem').filter({ hasText: `:${pid}` })
  await rotation.getByText('No rotation is under way').waitFor()
  link.hold()
  const isSilent = async (): Promise<boolean> => {
    process.kill(paused.pid, 'SIGSTOP')
    await page.getByRole('button', { name: 'Rotate' }).click()
    const silent = of(paused).getByText('does not have it yet, and is silent')
    return silent.waitFor({ timeout: SILENT_MS }).then(
      () => true,
      // On a busy machine, it is no longer listed before the page has heard that it is silent.
      () => {
        process.kill(paused.pid, 'SIGCONT')
        return false
      }
    )
  }
  t.equal(await eventually(isSilent, Boolean, 3 * FLEET_PATIENCE_MS), true)
  await of(slow).getByText('does not have it yet').waitFor()
  await rotation.getByText('2 of 4 gateways hold it').waitFor()
  await rotation.getByText('It is standby until it is activated').waitFor()

  process.kill(paused.pid, 'SIGCONT')
  link.release()
  await rotation.getByText('4 of 4 gateways hold it').waitFor()
  // If the command has given up by then, the next one continues with the same key.
  const isRotated = async (): Promise<boolean> => {
    await page.getByRole('button', { name: 'Rotate', disabled: false }).waitFor()
    const steps = await rotation.getByText('It signs new tokens').count()
    if (steps === 0) await page.getByRole('button', { name: 'Rotate' }).click()
    return steps > 0
  }
  t.equal(await eventually(isRotated, Boolean, FLEET_PATIENCE_MS), true)
  t.equal(await rotation.getByText('holds the new key').count(), 4)
  t.equal(await rotation.getByText('silent').count(), 0)
})
