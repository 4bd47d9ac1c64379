import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { ApprovalsView } from './approvals/approvals-view.tsx'
import { followWaiting, knownWaiting } from './approvals/waiting.ts'
import { AuditView } from './audit/audit-view.tsx'
import { ClientsView } from './clients/clients-view.tsx'
import { DrillsView } from './drills/drills-view.tsx'
import { GatewaysView } from './gateways/gateways-view.tsx'
import { KeysView } from './keys/keys-view.tsx'
import { isLive } from './live/live.ts'
import { OperatorsView } from './operators/operators-view.tsx'
import { OutboxView } from './outbox/outbox-view.tsx'
import { OverviewView } from './overview/overview-view.tsx'
import { dismiss, Notices, tell } from './parts/notices.tsx'
import { RoutesView } from './routes/routes-view.tsx'
import { operator, signOut } from './session/session.ts'
import { UsersView } from './users/users-view.tsx'
import { view, views } from './view.ts'

const shown = {
  overview: OverviewView,
  keys: KeysView,
  gateways: GatewaysView,
  routes: RoutesView,
  users: UsersView,
  clients: ClientsView,
  audit: AuditView,
  drills: DrillsView,
  outbox: OutboxView,
  approvals: ApprovalsView,
  operators: OperatorsView
} as const

/** The page of an operator who is signed in. `fault`: why a sign-in link was not followed. */
export function Shell({ fault }: { readonly fault: string | null }) {
  const main = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  const View = shown[view.value]
  const title = views.find(({ name }) => name === view.value)?.title ?? ''
  useEffect(followWaiting, [])
  useLayoutEffect(() => {
    document.title = `${title} – Gatehouse console`
    // Those who use the keyboard continue in the view that they chose. The focus moves with the
    // view, not later: by then it may be in a field of the view.
    if (!isFirst.current) main.current?.focus({ preventScroll: true })
    scrollTo(0, 0)
    dismiss()
    isFirst.current = false
  }, [title])
  useLayoutEffect(() => {
    if (fault !== null) tell('fault', fault)
  }, [])
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <Header />
      <main id="main" ref={main} tabIndex={-1}>
        <h1 class="unseen">{title}</h1>
        <Notices />
        <View />
      </main>
    </>
  )
}

function Header() {
  const { value: signedIn } = operator
  return (
    <header>
      <p class="brand">
        <img src="icon.svg" alt="" width="24" height="24" /> <span class="name">Gatehouse</span>
      </p>
      <nav aria-label="Views">
        {views.map(({ name, title }) => (
          <a key={name} href={`#/${name}`} aria-current={view.value === name ? 'page' : undefined}>
            {title}
            {name === 'approvals' && <Waiting />}
          </a>
        ))}
      </nav>
      <p class={isLive.value ? 'link live' : 'link'} aria-live="polite">
        {isLive.value ? 'Live' : 'Connecting …'}
      </p>
      <p class="operator">
        {signedIn?.name} <span class="hint">{signedIn?.role}</span>
      </p>
      <button type="button" onClick={() => void signOut()}>
        Sign out
      </button>
    </header>
  )
}

/** How many requests wait: for a second operator, or approved, for the one who asked. */
function Waiting() {
  const name = operator.value?.name
  const { length } = knownWaiting().filter(
    ({ state, requestedBy }) => state === 'pending' || requestedBy === name
  )
  if (length === 0) return null
  return (
    <span class="badge">
      {' '}
      {length}
      <span class="unseen"> waiting</span>
    </span>
  )
}
