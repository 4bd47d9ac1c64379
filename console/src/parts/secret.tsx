import { useLayoutEffect, useRef } from 'preact/hooks'
import { attempt } from './notices.tsx'

type SecretProps = {
  readonly title: string
  /** what it is for, and for whom */
  readonly text: string
  readonly secret: string
  onClose(): void
}

/** Shows a secret that the server does not show again. */
export function Secret({ title, text, secret, onClose }: SecretProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => dialog.current?.showModal(), [])
  const copy = () =>
    attempt(() => navigator.clipboard.writeText(secret).then(() => 'The secret is copied.'))
  return (
    <dialog ref={dialog} aria-labelledby="secret-title" onClose={onClose}>
      <div class="form">
        <h2 id="secret-title">{title}</h2>
        <p>{text} It is shown only now.</p>
        <code class="command secret">{secret}</code>
        <p class="buttons">
          <button type="button" onClick={() => void copy()}>
            Copy
          </button>
          <button type="button" class="primary" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </p>
      </div>
    </dialog>
  )
}
