import { readFileSync } from 'node:fs'
import type { Components, Json } from './components.ts'
import { OAuthError, Problem } from './error-schemas.ts'
import { headerComponents, type SharedHeader, sharedHeaders } from './headers.ts'
import { shareResponses } from './shared-responses.ts'

type DocumentParts = {
  readonly title: string
  readonly description: string
  readonly servers: readonly Json[]
  readonly tags: readonly Json[]
  readonly securitySchemes: Json
  /** path items, by path */
  readonly paths: Readonly<Record<string, Json>>
  /** the requests that other systems receive, by the type of the event, and what they share */
  readonly webhooks?: { readonly items: Json; readonly parameters: Json; readonly responses: Json }
  readonly components: Components
}

const { version } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
) as { version: string }

/** An OpenAPI document, as the text of its file. */
export function openapiDocument(parts: DocumentParts): string {
  const { title, description, servers, tags, securitySchemes, components, webhooks } = parts
  const { paths, responses } = shareResponses(
    Object.fromEntries(Object.entries(parts.paths).sort(([one], [other]) => (one < other ? -1 : 1)))
  )
  const text = JSON.stringify({ paths, responses })
  const used = (name: string) => text.includes(`#/components/${name}"`)
  const headers = (Object.keys(sharedHeaders) as SharedHeader[]).filter((name) =>
    used(`headers/${Object.keys(headerComponents([name]))[0]}`)
  )
  const schemas = {
    ...(used('schemas/OAuthError') ? { OAuthError } : {}),
    Problem,
    ...components.sorted()
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title,
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
    },
    servers,
    tags,
    paths,
    ...(webhooks && { webhooks: webhooks.items }),
    components: {
      securitySchemes,
      headers: headerComponents(headers),
      ...(webhooks && { parameters: webhooks.parameters }),
      responses: { ...responses, ...webhooks?.responses },
      schemas
    }
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** `/sessions/:id` is `/sessions/{id}`. */
export const templateOf = (url: string): string => url.replaceAll(/:(\w+)/g, '{$1}')
