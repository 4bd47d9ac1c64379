import { useEffect } from 'preact/hooks'
import { ask } from '../api/ask.ts'
import type { AuditEvents } from '../api/operator-api.ts'
import { matchingEvents } from '../audit/matching-events.ts'
import { missed, recent } from '../live/live.ts'
import { loaded, Shown } from '../parts/loaded.tsx'
import { DrillCard } from './drill-card.tsx'
import { DrillHistory } from './drill-history.tsx'
import { runsOf } from './drill-runs.ts'

const MOST = 100

const read = loaded(() => ask<AuditEvents>('GET', `/ops/audit?kind=drill-run&limit=${MOST}`))

const drills = [
  {
    name: 'revoke',
    title: 'Revocation',
    text: 'Signs an account in and out, and measures how long each gateway takes to refuse its token. A second is allowed.',
    command: 'npm run -s ops -- drill revoke --gateway URL'
  },
  {
    name: 'theft',
    title: 'Theft',
    text: 'Uses a spent refresh token, as a thief would. The session must end at every gateway, and another one must continue.',
    command: 'npm run -s ops -- drill theft --gateway URL'
  },
  {
    name: 'rotation',
    title: 'Rotation',
    text: 'Rotates the signing key, permanently, while clients send requests. No request may fail.',
    command: 'npm run -s ops -- drill rotation --gateway URL'
  }
] as const

/** What drills have measured, and how to run one. */
export function DrillsView() {
  useEffect(() => void read.read(), [missed.value])
  return (
    <>
      <p class="hint">
        A drill signs in through the gateways, as clients do. So it runs on the command line of a
        machine that reaches them, and its result appears here. Name each gateway with{' '}
        <code>--gateway</code>.
      </p>
      <Shown of={read} what="the drills">
        {({ events }) => {
          const filter = { kind: 'drill-run', subject: '' }
          const runs = runsOf(matchingEvents(events, recent.value, filter))
          return (
            <>
              <div class="tiles">
                {drills.map((drill) => (
                  <DrillCard
                    key={drill.name}
                    {...drill}
                    runs={runs.filter((run) => run.drill === drill.name)}
                  />
                ))}
              </div>
              <DrillHistory runs={runs} />
            </>
          )
        }}
      </Shown>
    </>
  )
}
