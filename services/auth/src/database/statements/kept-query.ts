import type { Compilable, Kysely } from 'kysely'

/** Runs a query with these values, and returns its rows. */
type KeptQuery<Name extends string, Row> = (
  values: Readonly<Record<Name, string>>
) => Promise<Row[]>

/**
 * A query that is built and compiled once, and run with other values each time, as each refresh
 * does.
 * @param names of the values
 * @param build may use a value only as a parameter of the query, and not decide by it
 */
export function keptQuery<Tables, Name extends string, Row>(
  db: Kysely<Tables>,
  names: readonly Name[],
  build: (values: Readonly<Record<Name, string>>) => Compilable<Row>
): KeptQuery<Name, Row> {
  const places = Object.fromEntries(names.map((name) => [name, `the value ${name}`]))
  const compiled = build(places as Record<Name, string>).compile()
  const nameOf = new Map<unknown, Name>(names.map((name) => [places[name], name]))
  return async (values) => {
    const parameters = compiled.parameters.map((parameter) => {
      const name = nameOf.get(parameter)
      return name === undefined ? parameter : values[name]
    })
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters })
    return rows
  }
}
