import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { messageOf, NeedsApproval } from '../api/problem.ts'

/** What was done. `more` shows what follows from it. */
export type Done = string | { readonly text: string; readonly more: () => ComponentChildren }

type Notice = {
  readonly kind: 'done' | 'fault' | 'waits'
  readonly text: string
  readonly more?: () => ComponentChildren
}

const notice = signal<Notice | null>(null)

export const tell = (kind: Notice['kind'], text: string): void => {
  notice.value = { kind, text }
}

const tellDone = (done: Done): void => {
  notice.value = { kind: 'done', ...(typeof done === 'string' ? { text: done } : done) }
}

export const dismiss = (): void => {
  notice.value = null
}

/** Carries something out, and tells the operator how it ended. Returns whether it succeeded. */
export async function attempt(work: () => Promise<Done>): Promise<boolean> {
  notice.value = null
  try {
    tellDone(await work())
    return true
  } catch (error) {
    tell(error instanceof NeedsApproval ? 'waits' : 'fault', messageOf(error))
    return false
  }
}

/** What happened last. Screen readers read it out when it changes. */
export function Notices() {
  const { value } = notice
  return (
    <div class="notices" aria-live="polite">
      {value !== null && (
        <p class={`notice ${value.kind}`}>
          <span>{value.text}</span>
          {value.more?.()}
          <button type="button" class="quiet" onClick={dismiss}>
            Dismiss
          </button>
        </p>
      )}
    </div>
  )
}
