import { signal } from '@preact/signals'

/** The views, by their name in the address. */
export const views = [
  { name: 'keys', title: 'Keys' },
  { name: 'gateways', title: 'Gateways' },
  { name: 'users', title: 'Users' },
  { name: 'audit', title: 'Audit log' }
] as const

export type ViewName = (typeof views)[number]['name']

const named = (): ViewName =>
  views.find(({ name }) => location.hash === `#/${name}`)?.name ?? 'keys'

/** The view that the address names. */
export const view = signal<ViewName>(named())

addEventListener('hashchange', () => {
  view.value = named()
})
