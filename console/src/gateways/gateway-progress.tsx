type ProgressProps = {
  readonly gateways: readonly {
    readonly id: string
    readonly name: string
    /** whether nothing is left to wait for */
    readonly isDone: boolean
    readonly text: string
  }[]
}

/** How far each gateway is with a change. */
export function GatewayProgress({ gateways }: ProgressProps) {
  if (gateways.length === 0) return <p>No gateway is live.</p>
  return (
    <ul class="holders">
      {gateways.map(({ id, name, isDone, text }) => (
        <li key={id} class={isDone ? 'holds' : 'missing'}>
          <span class="mark" aria-hidden="true">
            {isDone ? '✓' : '…'}
          </span>
          <span class="name">{name}</span>
          <span class="state">{text}</span>
        </li>
      ))}
    </ul>
  )
}
