import { now } from '../api/server-time.ts'
import { GatewayProgress } from '../gateways/gateway-progress.tsx'
import { SILENT } from '../gateways/gateway-state.ts'
import { gateways, keys } from '../live/live.ts'
import { count, shortKid, timeText } from '../parts/text.ts'
import { clockText, type Rotation, rotationOf } from './rotation.ts'

/** A rotation as it happens. */
export function RotationPanel() {
  const rotation = rotationOf(keys.value ?? [], gateways.value ?? [], now.value)
  return (
    <section class="card" aria-labelledby="rotation">
      <h2 id="rotation">Rotation</h2>
      {rotation === null ? <Quiet /> : <UnderWay rotation={rotation} />}
    </section>
  )
}

function Quiet() {
  const active = keys.value?.find(({ state }) => state === 'active')
  if (active === undefined) return <p>There is no active key.</p>
  return (
    <p>
      No rotation is under way. <code>{shortKid(active.kid)}</code>{' '}
      {active.activatedAt === null ? 'signs' : `has signed since ${timeText(active.activatedAt)}`}.
    </p>
  )
}

function UnderWay({ rotation }: { readonly rotation: Rotation }) {
  const { phase, next, previous, holders, secondsLeft } = rotation
  const held = holders.filter(({ holds }) => holds).length
  const hasSpread = held === holders.length
  const verb = holders.length === 1 ? 'holds' : 'hold'
  return (
    <>
      <ol class="steps">
        <Step state="done" text={`${shortKid(next.kid)} is published`} />
        <Step
          state={hasSpread ? 'done' : 'current'}
          text={`${held} of ${count(holders.length, 'gateway')} ${verb} it`}
        />
        <Step
          state={phase === 'draining' ? 'done' : hasSpread ? 'current' : 'later'}
          text={
            phase === 'draining' ? 'It signs new tokens' : 'It is standby until it is activated'
          }
        />
        {previous !== null && (
          <Step
            state={phase === 'draining' ? (secondsLeft === 0 ? 'done' : 'current') : 'later'}
            text={`The last token of ${shortKid(previous.kid)} expires`}
            more={secondsLeft === null ? null : clockText(secondsLeft)}
          />
        )}
      </ol>
      <h3>Gateways</h3>
      <GatewayProgress
        gateways={holders.map(({ id, name, holds, isSilent }) => ({
          id,
          name,
          isDone: holds && !isSilent,
          text: `${holds ? 'holds the new key' : 'does not have it yet'}${isSilent ? `, and ${SILENT}` : ''}`
        }))}
      />
    </>
  )
}

type StepProps = {
  readonly state: 'done' | 'current' | 'later'
  readonly text: string
  readonly more?: string | null
}

const words = { done: 'Done', current: 'Now', later: 'Later' } as const

function Step({ state, text, more = null }: StepProps) {
  return (
    <li class={state} aria-current={state === 'current' ? 'step' : undefined}>
      <span class="word">{words[state]}</span>
      <span>{text}</span>
      {more !== null && (
        <span class="countdown" role="timer">
          {more}
        </span>
      )}
    </li>
  )
}
