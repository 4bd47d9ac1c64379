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

// Another tab has signed in or out.
addEventListener('storage', ({ key, newValue }) => {
  if (key === KEY) held.value = newValue
})
