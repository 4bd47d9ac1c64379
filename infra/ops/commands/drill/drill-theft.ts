import type { OpsClient } from '../../client/ops-client.ts'
import type { Command, MonotonicClock } from '../../command.ts'
import {
  type DrillGround,
  drillOptions,
  drillUsage,
  extent,
  onDrillGround,
  REFUSED_WITHIN_MS
} from './drill-ground.ts'
import { failed, refusedAfter, takenByAll } from './propagation.ts'
import type { ApiResponse, PublicApi, Tokens } from './public-api.ts'

export const drillTheft: Command = {
  name: 'drill theft',
  usage: drillUsage,
  summary:
    'Presents a spent refresh token of a separate account, as a thief would. The session must ' +
    'end at every gateway within a second, another session of the account must continue, and ' +
    'the audit log must record the reuse.',
  options: drillOptions,
  words: [0, 0],
  async run(typed, { ops, environment, monotonicClock }) {
    return onDrillGround({ name: 'theft', typed, ops, environment }, async (ground) => {
      const { gateways, live, userId } = ground
      const { stolen, worstMs } = await steal(ground, monotonicClock)
      if (worstMs > REFUSED_WITHIN_MS)
        throw failed(
          `A gateway took ${worstMs} ms to refuse the access token, more than ${REFUSED_WITHIN_MS} ms.`
        )
      await requireReuseEvent(ops, userId, stolen)
      return {
        json: { session: stolen, gateways: { asked: gateways.length, live }, worstMs },
        text: `The reuse was detected. The session ended, the slowest gateway refused its access token after ${worstMs} ms, another session of the account continues, and the audit log has the reuse (${extent(ground)}).`,
        figures: { worstMs }
      }
    })
  }
}

/** The stolen session, and how long the slowest gateway took to refuse its access token. */
async function steal({ gateways, credentials }: DrillGround, monotonicClock: MonotonicClock) {
  const [gateway] = gateways
  const [spent, other] = [await gateway.login(credentials), await gateway.login(credentials)]
  const second = refreshed(await gateway.refresh(spent.refreshToken), gateway)
  // Used, so that the first token is no longer the previous one of a racing tab.
  const newest = refreshed(await gateway.refresh(second.refreshToken), gateway)
  await takenByAll(gateways, newest.accessToken)

  ended(await gateway.refresh(spent.refreshToken), 'the spent token')
  const took = await refusedAfter(gateways, newest.accessToken, monotonicClock)
  ended(await gateway.refresh(newest.refreshToken), 'the newest token of the session')
  await takenByAll(gateways, other.accessToken)
  refreshed(await gateway.refresh(other.refreshToken), gateway)
  return { stolen: spent.session.id, worstMs: Math.round(Math.max(...took)) }
}

function refreshed({ status, code, body }: ApiResponse<Tokens>, { url }: PublicApi): Tokens {
  if (status !== 200) throw failed(`${url} answered ${code} to a refresh.`)
  return body
}

function ended({ status, code }: ApiResponse, what: string): void {
  if (status !== 401 || code !== 'SESSION_ENDED') {
    throw failed(`The gateway answered ${status} ${code} to ${what} instead of 401 SESSION_ENDED.`)
  }
}

async function requireReuseEvent(ops: OpsClient, user: string, session: string): Promise<void> {
  const { events } = await ops.call<{ events: { kind: string; session: string | null }[] }>(
    'GET',
    `/ops/audit?${new URLSearchParams({ user })}`
  )
  const isLogged = events.some((one) => one.kind === 'refresh-reused' && one.session === session)
  if (!isLogged) throw failed('The audit log does not record the reuse.')
}
