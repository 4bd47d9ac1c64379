import { signal } from '@preact/signals'

/**
 * Half of the session. The browser sends the other half, a cookie, by itself. This storage belongs
 * to the origin of the page, so pages of other origins cannot complete a request.
 */
const KEY = 'gatehouse-console-proof'

const held = signal(localStorage.getItem(KEY))

export const proof = (): string | null => held.value

export function keepProof(text: string): void {
  localStorage.setItem(KEY, text)
  held.value = text
}

export function forgetSession(): void {
  localStorage.removeItem(KEY)
  held.value = null
}

/**
 * Another tab has signed in or out. The cookie is that of the new session, so what this tab shows
 * would be of one operator, and what it does of another.
 */
function follow(stored: string | null): void {
  if (stored === held.value) return
  // The page is loaded again when its session ends.
  if (held.value === null) location.reload()
  else held.value = null
}

addEventListener('storage', ({ key, newValue }) => {
  if (key === KEY) follow(newValue)
})
// The browser has kept the page while another one was in the tab.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) follow(localStorage.getItem(KEY))
})
