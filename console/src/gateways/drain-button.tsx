import { useSignal } from '@preact/signals'
import { ask } from '../api/ask.ts'
import { Problem } from '../api/problem.ts'
import type { Gateway } from '../api/responses.ts'
import { Confirm } from '../parts/confirm.tsx'
import { attempt } from '../parts/notices.tsx'
import { gatewayList } from './gateway-readings.ts'

type DrainProps = {
  readonly gateway: Gateway
  /** false: no other gateway would be left that serves clients */
  readonly isOtherLeft: boolean
}

/** Takes a gateway out of service, or back. */
export function DrainButton({ gateway: { id, name, drained }, isOtherLeft }: DrainProps) {
  const isAsking = useSignal(false)
  const isBusy = useSignal(false)
  const send = async (action: 'drain' | 'undrain', done: string, body?: object) => {
    if (isBusy.value) return
    isBusy.value = true
    await attempt(async () => {
      try {
        await ask('POST', `/ops/gateways/${encodeURIComponent(id)}/${action}`, body)
        return done
      } catch (error) {
        // The others that are listed do not serve clients.
        if (error instanceof Problem && error.code === 'CONFLICT') isAsking.value = true
        throw error
      } finally {
        await gatewayList.read()
      }
    })
    isBusy.value = false
  }
  const drain = (force: boolean) =>
    send('drain', `${name} is drained: it tells clients and load balancers to go elsewhere.`, {
      force
    })
  const title = drained ? 'Put back into service' : 'Drain'
  return (
    <>
      <button
        type="button"
        aria-disabled={isBusy.value}
        aria-label={`${title}: ${name}`}
        onClick={() => {
          if (drained) void send('undrain', `${name} is back in service.`)
          else if (isOtherLeft) void drain(false)
          else isAsking.value = true
        }}
      >
        {isBusy.value ? 'Working …' : title}
      </button>
      {isAsking.value && (
        <Confirm
          title="Drain the last gateway?"
          name={name}
          action="Drain it"
          onConfirm={() => drain(true)}
          onClose={() => (isAsking.value = false)}
        >
          <p>
            No other gateway would be left that serves clients. Load balancers that ask for
            readiness would send them nowhere.
          </p>
        </Confirm>
      )}
    </>
  )
}
