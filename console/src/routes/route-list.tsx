import type { Route } from '../api/route-responses.ts'
import { TableHead } from '../parts/table-head.tsx'

/** Routes in the order of the file. The longest prefix wins, not the order. */
export function RouteList({ routes }: { readonly routes: readonly Route[] }) {
  return (
    <table class="routes">
      <TableHead columns={['Route', 'Prefix', 'Requires', 'Service']} />
      <tbody>
        {routes.map(({ name, prefixes, requires, upstream, addresses }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td data-name="Prefix">
              {prefixes.map((prefix) => (
                <code key={prefix}>{prefix}</code>
              ))}
            </td>
            <td data-name="Requires">
              {requires.map((line) => (
                <span key={line}>{line}</span>
              ))}
            </td>
            <td data-name="Service">
              <span>{upstream}</span>
              {addresses.map((address) => (
                <code key={address}>{address}</code>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
