import { createClient } from './client/client.ts'
import { button, byId, element, row, when } from './elements.js'

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

const messages = {
  UNAUTHENTICATED: 'The address or the password is wrong.',
  CONFLICT: 'This address already has an account: sign in.',
  NETWORK: 'The gateway does not answer. Your session continues.',
  UNAVAILABLE: 'The service is not available at the moment. Your session continues.',
  RATE_LIMITED: 'Too many attempts: wait a moment.'
}

const notify = (text, className = '') => {
  byId('notice').textContent = text
  byId('notice').className = className
  byId('notice').hidden = false
}

/** Runs what a button does, and shows an error. */
const run = async (work) => {
  byId('notice').hidden = true
  try {
    await work()
  } catch (error) {
    notify(messages[error.code] ?? error.message, 'bad')
  }
}

const attempt = (work) => {
  void run(work)
}

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
  const session = await gatehouse.session()
  byId('signed-in').hidden = session === null
  byId('signed-out').hidden = session !== null
  byId('who').textContent = 'Not signed in'
  if (session === null) return
  byId('login').reset()
  const { user } = await get('/auth/me')
  byId('who').textContent = user.email
  await Promise.all([showOrders(), showSessions()])
}

const credentials = () => Object.fromEntries(new FormData(byId('login')))

byId('login').addEventListener('submit', (event) => {
  event.preventDefault()
  attempt(async () => {
    await gatehouse.login(credentials())
    await show()
  })
})
byId('register').addEventListener('click', () => {
  if (!byId('login').reportValidity()) return
  attempt(async () => {
    await gatehouse.register(credentials())
    await gatehouse.login(credentials())
    await show()
  })
})
byId('order').addEventListener('submit', (event) => {
  event.preventDefault()
  const { item, quantity } = Object.fromEntries(new FormData(byId('order')))
  attempt(async () => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ item, quantity: Number(quantity) })
    await json(await gatehouse.fetch('/orders', { method: 'POST', headers, body }))
    await showOrders()
  })
})
byId('echo').addEventListener('click', () => attempt(showHeaders))
byId('logout').addEventListener('click', () => attempt(() => gatehouse.logout()))
byId('everywhere').addEventListener('click', () => attempt(() => gatehouse.logoutEverywhere()))

const reasons = {
  logout: 'You are signed out.',
  ended: 'Your session has ended.',
  replaced: 'A login in another tab has replaced your session.'
}
gatehouse.onSessionEnd(async ({ reason }) => {
  for (const id of ['headers', 'orders', 'sessions']) byId(id).replaceChildren()
  await run(show)
  notify(reasons[reason])
})

attempt(show)
