import { signal } from '@preact/signals'
import { messageOf, NeedsApproval } from '../api/problem.ts'

type Notice = { readonly kind: 'done' | 'fault' | 'waits'; readonly text: string }

const notice = signal<Notice | null>(null)

export const tell = (kind: Notice['kind'], text: string): void => {
  notice.value = { kind, text }
}

export const dismiss = (): void => {
  notice.value = null
}

/** Carries something out, and tells the operator how it ended. Returns whether it succeeded. */
export async function attempt(work: () => Promise<string>): Promise<boolean> {
  notice.value = null
  try {
    tell('done', await work())
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
          <button type="button" class="quiet" onClick={dismiss}>
            Dismiss
          </button>
        </p>
      )}
    </div>
  )
}
