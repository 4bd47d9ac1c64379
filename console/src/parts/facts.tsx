import type { ComponentChildren } from 'preact'

type FactProps = { readonly name: string; readonly children: ComponentChildren }

/** A name and a value, in a list of facts. */
export function Fact({ name, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
