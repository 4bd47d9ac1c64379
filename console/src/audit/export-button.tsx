import { useSignal } from '@preact/signals'
import { now } from '../api/server-time.ts'
import { attempt } from '../parts/notices.tsx'
import { numberText } from '../parts/text.ts'
import { exportLog, store } from './export-log.ts'

/** Writes the audit log into a file of the operator's machine. */
export function ExportButton() {
  const records = useSignal<number | null>(null)
  const run = () =>
    attempt(async () => {
      records.value = 0
      try {
        const day = new Date(now.value).toISOString().slice(0, 10)
        const name = `audit-${day}.ndjson`
        const content = await exportLog((count) => {
          records.value = count
        })
        store(content, name)
        return `The log is in ${name}. Verify it with: npm run -s ops -- audit verify ${name}`
      } finally {
        records.value = null
      }
    })
  return (
    <button type="button" disabled={records.value !== null} onClick={() => void run()}>
      {records.value === null ? 'Export' : `${numberText(records.value)} events …`}
    </button>
  )
}
