import { now } from '../api/server-time.ts'
import { keys } from '../live/live.ts'
import { Fact } from '../parts/facts.tsx'
import { shortKid, spanText, timeText } from '../parts/text.ts'

const DAY_MS = 86_400_000

/** The key that signs now, and when the next one does. */
export function KeyCard({ rotationDays }: { readonly rotationDays: number }) {
  const { value: all } = keys
  const active = all?.find(({ state }) => state === 'active')
  return (
    <section class="card" aria-labelledby="key">
      <h2 id="key">Signing key</h2>
      {all === null && <p>Waiting …</p>}
      {all !== null && active === undefined && <p>No key signs tokens.</p>}
      {all !== null && active !== undefined && (
        <dl class="pairs">
          <Fact name="Signs">
            <code title={active.kid}>{shortKid(active.kid)}</code>, {active.algorithm}
          </Fact>
          <Fact name="For">
            {spanText(now.value - Date.parse(active.activatedAt ?? active.createdAt))}
          </Fact>
          <Fact name="Next rotation">
            {nextText(active.activatedAt ?? active.createdAt, rotationDays)}
          </Fact>
          <Fact name="Others">{othersText(all.map(({ state }) => state))}</Fact>
        </dl>
      )}
    </section>
  )
}

/** The schedule. Whoever rotates earlier begins it again. */
const nextText = (activatedAt: string, rotationDays: number): string =>
  rotationDays === 0
    ? 'when an operator rotates'
    : timeText(new Date(Date.parse(activatedAt) + rotationDays * DAY_MS).toISOString())

function othersText(states: readonly string[]): string {
  const of = (name: string) => states.filter((state) => state === name).length
  const parts = (['standby', 'retiring'] as const)
    .filter((name) => of(name) > 0)
    .map((name) => `${of(name)} ${name}`)
  return parts.length === 0 ? 'none in use' : parts.join(', ')
}
