import type { Json } from './document/components.ts'
import { schemaTypes } from './document/schema-types.ts'

type Operation = {
  readonly responses?: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Json }>> }>
  >
}

const HEAD =
  '/** The bodies of responses of the operators’ API. Made from api/operator.json: `npm run api`. */\n'

/**
 * What the console knows of the operators' API, as a module of TypeScript. Pure.
 * @param document api/operator.json
 */
export function consoleTypes(document: string): string {
  const { paths, components }: Document = JSON.parse(document)
  const operations = Object.values(paths).flatMap((path) => Object.values(path))
  const bodies = operations.flatMap(({ responses = {} }) =>
    Object.entries(responses).flatMap(([status, { content }]) => {
      const body = content?.['application/json']
      return status.startsWith('2') && body !== undefined ? [body.schema] : []
    })
  )
  return `${HEAD}\n${schemaTypes(bodies, components.schemas).join('\n')}\n`
}

type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Json }
}
