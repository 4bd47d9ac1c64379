export type Json = { readonly [member: string]: unknown }

/**
 * The shared schemas of a document. A schema with a title becomes a component of this name, and
 * every place that uses it refers to it.
 */
export class Components {
  readonly schemas = new Map<string, Json>()

  /**
   * A schema of a route in the dialect of OpenAPI 3.1.
   * @throws Error if two schemas of one name differ
   */
  schemaOf(schema: unknown): Json {
    const plain = this.#inside(JSON.parse(JSON.stringify(schema))) as Json
    return this.#named(plain)
  }

  #named(schema: Json): Json {
    const { title } = schema
    if (typeof title !== 'string') return schema
    const known = this.schemas.get(title)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two schemas have the title ${title}`)
    }
    this.schemas.set(title, schema)
    return { $ref: `#/components/schemas/${title}` }
  }

  #inside(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#child(one))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value)
      // Not a keyword of JSON Schema: it says that a body may be absent (`requestBody.required`).
      .filter(([name]) => name !== 'nullable')
      .map(([name, one]) => [name, this.#child(one)])
    return Object.fromEntries(entries)
  }

  #child(value: unknown): unknown {
    const inside = this.#inside(value)
    const isSchema = typeof inside === 'object' && inside !== null && !Array.isArray(inside)
    return isSchema && typeof (inside as Json).title === 'string'
      ? this.#named(inside as Json)
      : inside
  }

  /** In the order of the alphabet, so that a new schema moves no other. */
  sorted(): Json {
    const names = [...this.schemas.keys()].sort()
    return Object.fromEntries(names.map((name) => [name, this.schemas.get(name)]))
  }
}
