import type { Json } from '../document/components.ts'
import { listOf, objectOf, resolved } from './json.ts'
import { type Comparison, schemaChanges } from './schema-changes.ts'

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/**
 * The changes of an OpenAPI document that break clients of the earlier one, or receivers of its
 * webhooks, one line each. New operations, optional members of requests, members and values of
 * responses, and statuses of errors break none.
 */
export const breakingChanges = (before: Json, after: Json): string[] => [
  ...pathChanges(before, after),
  ...webhookChanges(before, after)
]

const pathChanges = (before: Json, after: Json): string[] =>
  Object.entries(objectOf(before.paths)).flatMap(([path, item]) =>
    METHODS.filter((method) => objectOf(item)[method] !== undefined).flatMap((method) => {
      const at = `${method.toUpperCase()} ${path}`
      const later = objectOf(objectOf(after.paths)[path])[method]
      if (later === undefined) return [`${at} is removed`]
      const operations = { before: objectOf(objectOf(item)[method]), after: objectOf(later) }
      return operationChanges({ before, after }, operations, at)
    })
  )

/** The receiver of a webhook gets its body, as a client gets a response. */
const webhookChanges = (before: Json, after: Json): string[] =>
  Object.entries(objectOf(before.webhooks)).flatMap(([name, item]) => {
    const at = `webhook ${name}`
    const [earlier, later] = [item, objectOf(after.webhooks)[name]].map((one) => objectOf(one).post)
    if (later === undefined) return [`${at} is removed`]
    const comparison: Comparison = { before, after, direction: 'response' }
    const bodies = {
      before: resolved(before, objectOf(earlier).requestBody),
      after: resolved(after, objectOf(later).requestBody)
    }
    return contentChanges(comparison, bodies, at)
  })

type Pair = { readonly before: Json; readonly after: Json }

const operationChanges = (documents: Pair, { before, after }: Pair, at: string): string[] => [
  ...(before.operationId === after.operationId
    ? []
    : [`${at}: the operationId was ${before.operationId} and is ${after.operationId}`]),
  ...securityChanges(before, after, at),
  ...parameterChanges(documents, { before, after }, at),
  ...requestChanges(documents, { before, after }, at),
  ...responseChanges(documents, { before, after }, at)
]

/** Each way to authenticate must still suffice. */
function securityChanges(before: Json, after: Json, at: string): string[] {
  const later = listOf(after.security).map((one) => Object.keys(objectOf(one)))
  return listOf(before.security)
    .map((one) => Object.keys(objectOf(one)))
    .filter((given) => !later.some((needed) => needed.every((name) => given.includes(name))))
    .map((given) => `${at}: ${given.join(' and ') || 'no authentication'} is no longer sufficient`)
}

function parameterChanges(documents: Pair, operations: Pair, at: string): string[] {
  const parameters = (side: keyof Pair) =>
    new Map(
      listOf(operations[side].parameters).map((one) => {
        const parameter = resolved(documents[side], one)
        return [`${parameter.in} parameter ${parameter.name}`, parameter]
      })
    )
  const [earlier, later] = [parameters('before'), parameters('after')]
  const removed = [...earlier.keys()].filter((name) => !later.has(name))
  const changed = [...later].flatMap(([name, parameter]) => {
    const old = earlier.get(name)
    const isNeeded = parameter.required === true && old?.required !== true
    const comparison: Comparison = { ...documents, direction: 'request' }
    return [
      ...(isNeeded ? [`${at}: the ${name} is now required`] : []),
      ...(old ? schemaChanges(comparison, old.schema, parameter.schema, `${at}: ${name}`) : [])
    ]
  })
  return [...removed.map((name) => `${at}: the ${name} is removed`), ...changed]
}

function requestChanges(documents: Pair, operations: Pair, at: string): string[] {
  const before = resolved(documents.before, operations.before.requestBody)
  const after = resolved(documents.after, operations.after.requestBody)
  const isNeeded = after.required === true && before.required !== true
  const comparison: Comparison = { ...documents, direction: 'request' }
  return [
    ...(isNeeded ? [`${at}: a request body is now required`] : []),
    ...contentChanges(comparison, { before, after }, `${at}: request`)
  ]
}

function responseChanges(documents: Pair, operations: Pair, at: string): string[] {
  const [earlier, later] = [operations.before.responses, operations.after.responses].map(objectOf)
  return Object.entries(earlier ?? {}).flatMap(([status, response]) => {
    if (later?.[status] === undefined) {
      return /^[45]/.test(status) ? [] : [`${at}: the response ${status} is removed`]
    }
    const before = resolved(documents.before, response)
    const after = resolved(documents.after, later[status])
    const comparison: Comparison = { ...documents, direction: 'response' }
    return [
      ...headerChanges(documents, { before, after }, `${at}: response ${status}`),
      ...contentChanges(comparison, { before, after }, `${at}: response ${status}`)
    ]
  })
}

function headerChanges(documents: Pair, { before, after }: Pair, at: string): string[] {
  const later = objectOf(after.headers)
  return Object.entries(objectOf(before.headers))
    .filter(([, header]) => resolved(documents.before, header).required === true)
    .filter(([name]) => resolved(documents.after, later[name]).required !== true)
    .map(([name]) => `${at}: the header ${name} may now be absent`)
}

function contentChanges(comparison: Comparison, { before, after }: Pair, at: string): string[] {
  const later = objectOf(after.content)
  return Object.entries(objectOf(before.content)).flatMap(([type, content]) =>
    later[type] === undefined
      ? [`${at}: ${type} is removed`]
      : schemaChanges(comparison, objectOf(content).schema, objectOf(later[type]).schema, at)
  )
}
