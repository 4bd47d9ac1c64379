import type { Signal } from '@preact/signals'

type FieldProps = {
  readonly name: string
  readonly value: Signal<string>
  readonly placeholder?: string
  readonly isRequired?: boolean
  /** a regular expression, and what it says in words */
  readonly rule?: readonly [pattern: string, words: string]
}

/** A field of a form, with its name. */
export function Field({ name, value, placeholder, isRequired, rule }: FieldProps) {
  return (
    <label>
      {name}{' '}
      <input
        pattern={rule?.[0]}
        title={rule?.[1]}
        required={isRequired}
        value={value}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => (value.value = currentTarget.value)}
      />
    </label>
  )
}

/** The words of a field: roles or a scope, with spaces or commas in between. */
export const wordsOf = (text: string): string[] =>
  text.split(/[\s,]+/).filter((word) => word !== '')
