import type { ComponentChildren } from 'preact'

/** The runbooks that build.ts adds to the page. */
type RunbookName = 'leaked-signing-key' | 'planned-rotation' | 'stolen-session'

type RunbookProps = { readonly name: RunbookName; readonly children: ComponentChildren }

/** A link to a runbook of this release (docs/runbooks). */
export const Runbook = ({ name, children }: RunbookProps) => (
  <a href={`runbooks/${name}.md`} target="_blank" rel="noopener">
    {children}
  </a>
)
