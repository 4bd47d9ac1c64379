import type { ComponentChildren } from 'preact'

export type Tone = 'good' | 'wait' | 'bad' | 'quiet'

const signs = { good: '✓', wait: '!', bad: '✕', quiet: '–' } as const

type MarkProps = { readonly tone: Tone; readonly children: ComponentChildren }

/** A state in words, with a sign and a colour. */
export function Mark({ tone, children }: MarkProps) {
  return (
    <span class={`mark-text ${tone}`}>
      <span aria-hidden="true">{signs[tone]}</span> {children}
    </span>
  )
}
