import { textTable } from '../../terminal/text-table.ts'

export type Operator = {
  readonly name: string
  readonly role: string
  readonly state: string
  readonly createdAt: string
  readonly createdBy: string
  readonly expiresAt: string
  readonly lastUsedAt: string | null
}

export function operatorTable(operators: readonly Operator[]): string {
  return textTable(
    ['name', 'role', 'token', 'created', 'by', 'expires', 'last used'],
    operators.map((one) => [
      one.name,
      one.role,
      one.state,
      one.createdAt,
      one.createdBy,
      one.expiresAt,
      one.lastUsedAt ?? ''
    ])
  )
}
