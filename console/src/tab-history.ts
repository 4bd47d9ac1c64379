/**
 * How many entries of the history of the tab are between the first one of this page and the current
 * one. Each entry has its number as its state, which outlives a reload.
 */
let entry = numberOf(history.state) ?? 0
noteState(history.state)

/** Gives the current entry its number, and what else is to be known after a reload. */
export function noteState(state: object | null): void {
  history.replaceState({ ...state, number: entry }, '')
}

function numberOf(state: unknown): number | null {
  const { number } = (state ?? {}) as { readonly number?: unknown }
  return typeof number === 'number' ? number : null
}

addEventListener('hashchange', () => {
  const known = numberOf(history.state)
  entry = known ?? entry + 1
  if (known === null) noteState(null)
})

/** How long the browser may take to go back, in milliseconds. */
const BACK_MS = 2000

/**
 * Loads the page again, without anything that it has shown: what was typed and read is gone, and
 * the entries of the history, whose addresses name users, are too.
 * @param state of the page that is loaded
 */
export async function startAnew(state: object | null): Promise<void> {
  if (entry > 0) {
    await new Promise((resolve) => {
      addEventListener('popstate', resolve, { once: true })
      setTimeout(resolve, BACK_MS)
      history.go(-entry)
    })
  }
  history.replaceState(null, '', location.pathname)
  // A new entry removes those that come after it.
  history.pushState(state, '', '#/')
  location.reload()
}
