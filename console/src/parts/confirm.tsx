import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'

type ConfirmProps = {
  readonly title: string
  /** what must be typed: the name of what ends */
  readonly name: string
  /** the text of the button */
  readonly action: string
  readonly children: ComponentChildren
  onConfirm(): Promise<unknown>
  onClose(): void
}

/** Lets an operator confirm a change by typing a name. Keeps the focus until it is closed. */
export function Confirm({ title, name, action, children, onConfirm, onClose }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const typed = useSignal('')
  const isBusy = useSignal(false)
  const id = useId()
  // At once, so that what is typed meanwhile is typed into it.
  useLayoutEffect(() => dialog.current?.showModal(), [])
  const isRight = typed.value.trim() === name
  const confirm = async (event: Event) => {
    event.preventDefault()
    if (!isRight || isBusy.value) return
    isBusy.value = true
    // Closed, and not only removed, so that the focus returns to the button.
    await onConfirm().finally(() => dialog.current?.close())
  }
  return (
    <dialog ref={dialog} aria-labelledby={`${id}-title`} onClose={onClose}>
      <form onSubmit={(event) => void confirm(event)}>
        <h2 id={`${id}-title`}>{title}</h2>
        {children}
        <label for={id}>
          Type <code>{name}</code> to confirm
        </label>
        <input
          id={id}
          autofocus
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onInput={({ currentTarget }) => (typed.value = currentTarget.value)}
        />
        <p class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={!isRight || isBusy.value}>
            {action}
          </button>
        </p>
      </form>
    </dialog>
  )
}
