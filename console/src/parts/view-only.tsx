import { mayChange, operator } from '../session/session.ts'

type ViewOnlyProps = {
  /** what the view shows, in the plural */
  readonly what: string
  /** what others can do with it */
  readonly change?: string
}

/** Tells a viewer why buttons are missing. */
export function ViewOnly({ what, change = 'change' }: ViewOnlyProps) {
  if (mayChange()) return null
  return (
    <p class="hint">
      Your role, {operator.value?.role}, can view {what} but not {change} them.
    </p>
  )
}
