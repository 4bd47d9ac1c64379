/** Nobody can be asked. */
export function NoGateway() {
  return (
    <p>
      No gateway is live, so none can be asked. To read a file, use{' '}
      <code>npm run -s ops -- routes check FILE</code>.
    </p>
  )
}

/** Gateways that cannot answer. */
export function Unasked({ gateways }: { readonly gateways: readonly string[] }) {
  if (gateways.length === 0) return null
  return (
    <p class="hint">
      {gateways.join(', ')} {gateways.length === 1 ? 'is' : 'are'} of an earlier version, and cannot
      answer.
    </p>
  )
}
