import type { ComponentChildren } from 'preact'

type TableHeadProps = {
  readonly columns: readonly string[]
  /** cells after those of the columns */
  readonly children?: ComponentChildren
}

/** The head of a table, with the name of each column. */
export const TableHead = ({ columns, children }: TableHeadProps) => (
  <thead>
    <tr>
      {columns.map((name) => (
        <th key={name} scope="col">
          {name}
        </th>
      ))}
      {children}
    </tr>
  </thead>
)
