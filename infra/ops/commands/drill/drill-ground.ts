import { randomBytes, randomUUID } from 'node:crypto'
import { defaultPorts } from '@gatehouse/settings/default-ports'
import { httpUrlFault } from '@gatehouse/settings/formats'
import type { Environment, OpsClient } from '../../client/ops-client.ts'
import { type Command, listOption, type Typed } from '../../command.ts'
import { BadUsage, Refused } from '../../failures.ts'
import type { User } from '../users/user-responses.ts'
import { type Credentials, type PublicApi, publicApi } from './public-api.ts'
import { type DrillFigures, recordDrill } from './record-drill.ts'

/** The account of a drill, and its gateways. */
export type DrillGround = {
  readonly credentials: Credentials
  readonly userId: string
  readonly gateways: readonly [PublicApi, ...PublicApi[]]
  /** the number of live gateways, as the auth service reports it */
  readonly live: number
}

export const drillOptions: NonNullable<Command['options']> = {
  gateway: { type: 'string', multiple: true }
}
export const drillUsage = '[--gateway URL]…'
/**
 * how long a gateway may take to refuse what is revoked: the contract and goal of the whole system
 */
export const REFUSED_WITHIN_MS = 1000

const PASSWORD_BYTES = 24

type DrillResult = {
  readonly json: object
  readonly text: string
  readonly figures: DrillFigures
}

type DrillPorts = {
  readonly name: 'revoke' | 'rotation' | 'theft'
  readonly typed: Typed
  readonly ops: OpsClient
  readonly environment: Environment
}

/**
 * Runs a drill with an account that is created for it and disabled afterwards, whatever the result
 * is. The audit log gets the result.
 * @param run throws Refused with the code DRILL_FAILED if the installation does not do what it must
 */
export async function onDrillGround(
  { name: drill, typed, ops, environment }: DrillPorts,
  run: (ground: DrillGround) => Promise<DrillResult>
): Promise<{ json: object; text: string }> {
  const gateways = gatewaysOf(typed, environment)
  const { gateways: live } = await ops.call<{ gateways: unknown[] }>('GET', '/ops/gateways')
  const credentials = {
    email: `drill-${randomUUID()}@drill.invalid`,
    password: randomBytes(PASSWORD_BYTES).toString('base64url')
  }
  const { user } = await ops.call<{ user: User }>('POST', '/ops/users', credentials)
  const ground = { credentials, userId: user.id, gateways, live: live.length }
  const asked = { asked: gateways.length, live: live.length }
  const disable = () => ops.call('POST', `/ops/users/${user.id}/disable`)
  try {
    const { json, text, figures } = await run(ground)
    await disable()
    const recorded = await recordDrill(ops, { drill, passed: true, gateways: asked, figures })
    const more = recorded ? '' : ' The result could not be written into the audit log.'
    return { json: { ...json, recorded }, text: `${text}${more}` }
  } catch (error) {
    if (error instanceof Refused && error.code === 'DRILL_FAILED') {
      const { message: reason } = error
      await recordDrill(ops, { drill, passed: false, gateways: asked, figures: {}, reason })
    }
    // The result of the drill matters more than what becomes of its account.
    const isDisabled = await disable().then(
      () => true,
      () => false
    )
    if (isDisabled || !(error instanceof Refused)) throw error
    const detail = `${error.message} The account ${user.id} could not be disabled.`
    throw new Refused(error.code, detail)
  }
}

/** How many of the live gateways the drill asks. */
export function extent({ gateways, live }: DrillGround): string {
  const asked = `${gateways.length} of ${live} live gateways asked`
  return gateways.length < live ? `${asked}: name the others with --gateway` : asked
}

const GATEWAY_FORM = '--gateway must be the address of a gateway, for example https://10.0.0.1:3000'

function gatewaysOf(typed: Typed, { GATEWAY_PORT }: Environment): DrillGround['gateways'] {
  const port = GATEWAY_PORT && GATEWAY_PORT !== '0' ? GATEWAY_PORT : defaultPorts.GATEWAY_PORT
  const [first, ...others] = listOption(typed, 'gateway') ?? [`http://127.0.0.1:${port}`]
  if (first === undefined) throw new BadUsage(`${GATEWAY_FORM}; it is empty.`)
  const fault = [first, ...others].map(httpUrlFault).find((one) => one !== null)
  if (fault !== undefined) throw new BadUsage(`${GATEWAY_FORM}; ${fault}.`)
  return [publicApi(first), ...others.map(publicApi)]
}
