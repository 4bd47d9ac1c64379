import { type Signal, signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { messageOf } from '../api/problem.ts'
import { inOrder } from './in-order.ts'

/** What was read from the server, and why it could not be read. */
export type Loaded<Content> = {
  /** null: not read yet */
  readonly content: Signal<Content | null>
  readonly fault: Signal<string | null>
  /** Reads it again. What was read before stays if that fails. */
  read(): Promise<void>
}

export function loaded<Content>(get: () => Promise<Content>): Loaded<Content> {
  const content = signal<Content | null>(null)
  const fault = signal<string | null>(null)
  const begin = inOrder()
  return {
    content,
    fault,
    async read() {
      const isShown = begin()
      try {
        const response = await get()
        if (!isShown()) return
        content.value = response
        fault.value = null
      } catch (error) {
        if (isShown()) fault.value = messageOf(error)
      }
    }
  }
}

/** Reads now and then again and again, while the page is visible. Returns how to stop. */
export function readEvery(everyMs: number, ...parts: readonly Pick<Loaded<unknown>, 'read'>[]) {
  const read = (): void => {
    for (const part of parts) void part.read()
  }
  read()
  const timer = setInterval(() => {
    if (!document.hidden) read()
  }, everyMs)
  return () => clearInterval(timer)
}

/** Why something could not be read. Absent if it could. */
export function Fault({ text }: { readonly text: string | null }) {
  if (text === null) return null
  return (
    <p class="notice fault" role="alert">
      {text}
    </p>
  )
}

type PanelProps<Content> = {
  readonly of: Loaded<Content>
  /** what is read, for the text while it is not there */
  readonly what: string
  readonly children: (content: Content) => ComponentChildren
}

/** Shows what was read, that it is being read, or why it could not be read. */
export function Shown<Content>({ of, what, children }: PanelProps<Content>) {
  const { value: content } = of.content
  const { value: fault } = of.fault
  return (
    <>
      <Fault text={fault} />
      {content === null ? fault === null && <p>Waiting for {what} …</p> : children(content)}
    </>
  )
}
