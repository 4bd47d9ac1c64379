import type { Status } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { Fact } from '../parts/facts.tsx'
import { Mark } from '../parts/mark.tsx'
import { memoryText, spanText } from '../parts/text.ts'

const stores = { sqlite: 'SQLite', postgresql: 'PostgreSQL', redis: 'Redis' } as const

const checks: Readonly<Record<string, string>> = {
  accounts: 'database',
  sessions: 'session store',
  revocations: 'revocation log'
}

/** The process of the auth service that answers, and its stores. */
export function AuthCard({ status }: { readonly status: Status | null }) {
  return (
    <section class="card" aria-labelledby="auth">
      <h2 id="auth">Auth service</h2>
      {status === null ? <p>Waiting …</p> : <AuthFacts status={status} />}
    </section>
  )
}

function AuthFacts({ status: { process, readiness } }: { readonly status: Status }) {
  const { version, nodejs, startedAt, memoryBytes, database, sessionStore } = process
  return (
    <>
      <dl class="pairs">
        <Fact name="Up for">{spanText(now.value - Date.parse(startedAt))}</Fact>
        <Fact name="Memory">{memoryText(memoryBytes)}</Fact>
        <Fact name="Version">
          {version}, Node.js {nodejs}
        </Fact>
        <Fact name="Stores">
          {stores[database]}
          {sessionStore !== database && `, ${stores[sessionStore]}`}
        </Fact>
      </dl>
      <ul class="checks">
        {Object.keys(readiness.ageSeconds).map((name) => (
          <li key={name}>
            <Check name={name} readiness={readiness} />
          </li>
        ))}
      </ul>
      <p class="hint">The process that answers. Others share its stores.</p>
    </>
  )
}

type CheckProps = { readonly name: string; readonly readiness: Status['readiness'] }

function Check({ name, readiness: { failing, degraded } }: CheckProps) {
  const shown = checks[name] ?? name
  const failure = failing[name]
  const weakness = degraded[name]
  if (failure !== undefined) return <Mark tone="bad">{failure}</Mark>
  if (weakness !== undefined) return <Mark tone="wait">{weakness}</Mark>
  return <Mark tone="good">{shown} works</Mark>
}
