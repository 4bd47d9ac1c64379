import { Mark } from '../parts/mark.tsx'
import { count, numberText } from '../parts/text.ts'
import { ExportButton } from './export-button.tsx'
import { stopVerifying, type Verification, verification, verifyLog } from './verify-log.ts'

/** Verifies the chain of the audit log, and writes the log into a file. */
export function VerifyPanel() {
  const { value: current } = verification
  const isRunning = current?.state === 'running'
  return (
    <section class="card" aria-labelledby="chain">
      <div class="row">
        <h2 id="chain">Chain of the audit log</h2>
        <div class="actions">
          <button type="button" onClick={() => (isRunning ? stopVerifying() : void verifyLog())}>
            {isRunning ? 'Stop' : 'Verify'}
          </button>
          <ExportButton />
        </div>
      </div>
      <p class="hint">
        Each event has the digest of the one before, and the end is signed every hour. To compare
        with a copy that was kept elsewhere, use <code>ops audit verify FILE --key KID</code>.
      </p>
      <div aria-live="polite">{current !== null && <Outcome verification={current} />}</div>
    </section>
  )
}

function Outcome({ verification: found }: { readonly verification: Verification }) {
  const { state, records, heads, end, faultCount, faults, reason } = found
  const extent = `${count(records, 'event')} and ${count(heads, 'signed head')}`
  return (
    <>
      {state === 'running' && (
        <p class="progress">
          <progress max={Math.max(1, end)} value={records} aria-label="Verified events" />
          {numberText(records)} of {count(end, 'event')}
        </p>
      )}
      {state === 'failed' && <Mark tone="bad">Not verified: {reason}</Mark>}
      {state === 'stopped' && <Mark tone="wait">Stopped after {extent}.</Mark>}
      {state === 'finished' && faultCount === 0 && (
        <Mark tone="good">{extent} verified: no fault.</Mark>
      )}
      {faultCount > 0 && (
        <>
          <Mark tone="bad">{count(faultCount, 'fault')}:</Mark>
          <ul class="faults">
            {faults.map(({ fault, seq, detail }) => (
              <li key={`${fault} ${seq} ${detail}`}>
                <code>{fault}</code> {detail}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}
