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

/** The head of the column with the buttons of a row. */
export const ChangesHead = () => (
  <th scope="col">
    <span class="unseen">Changes</span>
  </th>
)
