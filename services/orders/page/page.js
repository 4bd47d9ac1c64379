import { invitation, keepSecret, showAccountPage, startAccount } from './account.js'
import { createClient } from './client/client.ts'
import { button, byId, element, row, when } from './elements.js'
import { attempt, notify, onSubmit } from './notice.js'

const gatehouse = createClient({ baseUrl: location.origin, delivery: 'cookie' })

/** Shows every request that the page or the client sends. */
new PerformanceObserver((list) => {
  for (const { name, initiatorType, responseStatus } of list.getEntries()) {
    if (initiatorType !== 'fetch') continue
    const line = element('li')
    const status = element('span', String(responseStatus || '—'))
    status.className = responseStatus >= 200 && responseStatus < 400 ? 'good' : 'bad'
    line.append(status, element('span', new URL(name).pathname))
    byId('log').prepend(line)
  }
}).observe({ type: 'resource', buffered: true })

/** The JSON of a response of a service. */
const json = async (response) => {
  const body = response.status === 204 ? null : await response.json()
  if (!response.ok) throw Object.assign(new Error(body.detail ?? body.title), body)
  return body
}
const get = async (path) => json(await gatehouse.fetch(path))

const showOrders = async () => {
  const { orders } = await get('/orders')
  const rows = orders.map(({ item, quantity, createdAt }) =>
    row(element('td', item), element('td', quantity, 'number'), element('td', when(createdAt)))
  )
  byId('orders').replaceChildren(...rows)
}

const showSessions = async () => {
  const { sessions } = await get('/auth/sessions')
  const rows = sessions.map(({ id, label, current, lastUsedAt }) => {
    const end = button('End', () =>
      attempt(async () => {
        await json(await gatehouse.fetch(`/auth/sessions/${id}`, { method: 'DELETE' }))
        await showSessions()
      })
    )
    const last = element('td')
    last.append(current ? 'this one' : end)
    return row(element('td', label || 'unknown'), element('td', when(lastUsedAt)), last)
  })
  byId('sessions').replaceChildren(...rows)
}

const showHeaders = async () => {
  const { headers } = await get('/echo/hello')
  const seen = Object.entries(headers).filter(([name]) => name.startsWith('x-auth-'))
  const lines = seen.flatMap(([name, value]) => [element('dt', name), element('dd', value)])
  byId('headers').replaceChildren(...lines)
}

const show = async () => {
  const isAccountPage = showAccountPage()
  const session = await gatehouse.session()
  byId('signed-in').hidden = session === null || isAccountPage
  byId('signed-out').hidden = session !== null || isAccountPage
  byId('who').textContent = session === null ? 'Not signed in' : ''
  if (session === null || isAccountPage) return
  const { user } = await get('/auth/me')
  byId('who').textContent = user.email
  await Promise.all([showOrders(), showSessions()])
}

const credentials = () => Object.fromEntries(new FormData(byId('login')))

const login = async () => {
  const { email, password } = credentials()
  await gatehouse.login({ email, password })
  byId('login').reset()
  await show()
}
const wrong = { UNAUTHENTICATED: 'The address or the password is wrong.' }
onSubmit(byId('login'), login, wrong)

byId('register').addEventListener('click', () => {
  if (!byId('login').reportValidity()) return
  attempt(async () => {
    const registered = await gatehouse.register({ ...credentials(), invitation: invitation() })
    keepSecret(registered)
    if (registered.id === undefined)
      notify('We have sent an e-mail with a link. Open it, then sign in.')
    else await login()
  })
})
onSubmit(byId('order'), async ({ item, quantity }) => {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ item, quantity: Number(quantity) })
  await json(await gatehouse.fetch('/orders', { method: 'POST', headers, body }))
  await showOrders()
})
byId('echo').addEventListener('click', () => attempt(showHeaders))
byId('logout').addEventListener('click', () => attempt(() => gatehouse.logout()))
byId('everywhere').addEventListener('click', () => attempt(() => gatehouse.logoutEverywhere()))

const reasons = {
  logout: 'You are signed out.',
  ended: 'Your session has ended.',
  replaced: 'A login in another tab has replaced your session.'
}
gatehouse.onSessionEnd(({ reason }) => {
  for (const id of ['headers', 'orders', 'sessions']) byId(id).replaceChildren()
  notify(reasons[reason])
  show().catch(({ message }) => notify(message, 'bad'))
})

startAccount(gatehouse, show)
attempt(show)
