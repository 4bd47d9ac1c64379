import { signal } from '@preact/signals'
import { ask } from '../api/ask.ts'
import { messageOf } from '../api/problem.ts'
import type { ExplainedRequest } from '../api/route-responses.ts'
import { Fault } from '../parts/loaded.tsx'
import { ExplanationCard } from './explanation-card.tsx'
import { NoGateway, Unasked } from './no-gateway.tsx'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

const method = signal<string>('GET')
const path = signal('')
const isBusy = signal(false)
const explained = signal<(ExplainedRequest & { readonly asked: string }) | null>(null)
const fault = signal<string | null>(null)

async function explain(): Promise<void> {
  isBusy.value = true
  try {
    const request = { method: method.value, path: path.value.trim() }
    const answer = await ask<ExplainedRequest>('POST', '/ops/routes/explain', request)
    explained.value = { ...answer, asked: `${request.method} ${request.path}` }
    fault.value = null
  } catch (error) {
    explained.value = null
    fault.value = messageOf(error)
  }
  isBusy.value = false
}

/** Asks the gateways what they do with a request. */
export function ExplainPanel() {
  return (
    <section class="card" aria-labelledby="explain">
      <h2 id="explain">What happens to a request?</h2>
      <ExplainForm />
      <p class="hint">
        A gateway answers with the table that it has now. Nothing is sent to a service.
      </p>
      <Fault text={fault.value} />
      <div aria-live="polite">
        {explained.value !== null && <Answers explained={explained.value} />}
      </div>
    </section>
  )
}

function ExplainForm() {
  return (
    <form
      class="toolbar"
      onSubmit={(event) => {
        event.preventDefault()
        void explain()
      }}
    >
      <label>
        Method{' '}
        <select
          value={method}
          onChange={({ currentTarget }) => (method.value = currentTarget.value)}
        >
          {methods.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label class="wide">
        Path{' '}
        <input
          required
          pattern="/.*"
          title="a path that begins with /"
          value={path}
          placeholder="/orders/7"
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => (path.value = currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary" disabled={isBusy.value}>
        {isBusy.value ? 'Asking …' : 'Explain'}
      </button>
    </form>
  )
}

type AnswersProps = { readonly explained: ExplainedRequest & { readonly asked: string } }

function Answers({ explained: { answers, unasked, asked } }: AnswersProps) {
  if (answers.length === 0 && unasked.length === 0) return <NoGateway />
  return (
    <>
      {answers.map((answer) => (
        <ExplanationCard
          key={`${answer.version} ${answer.gateways[0]}`}
          asked={asked}
          answer={answer}
          isOnly={answers.length === 1}
        />
      ))}
      <Unasked gateways={unasked} />
    </>
  )
}
