import { useSignal } from '@preact/signals'
import { ask } from '../api/ask.ts'
import type { TableOutcomes } from '../api/route-responses.ts'
import { attempt } from '../parts/notices.tsx'

type ReloadProps = {
  /** is called with what the gateways found */
  onDone(outcomes: TableOutcomes): void
}

/** Lets every gateway read its table again. */
export function ReloadButton({ onDone }: ReloadProps) {
  const isBusy = useSignal(false)
  const reload = async () => {
    if (isBusy.value) return
    isBusy.value = true
    await attempt(async () => {
      const reloaded = await ask<TableOutcomes>('POST', '/ops/routes/reload')
      onDone(reloaded)
      const refusing = reloaded.outcomes.filter(({ done }) => done === false)
      const names = refusing.flatMap(({ gateways }) => gateways)
      if (names.length > 0) throw new Error(`The new table has faults at ${names.join(', ')}.`)
      return 'The gateways were told to read their route tables again.'
    })
    isBusy.value = false
  }
  return (
    <button type="button" aria-disabled={isBusy.value} onClick={() => void reload()}>
      {isBusy.value ? 'Reloading …' : 'Reload from the files'}
    </button>
  )
}
