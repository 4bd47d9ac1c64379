import type { FastifySchemaValidationError as SchemaError } from 'fastify'

/**
 * What a request that does not fit its schema must be, for the person who wrote the client: the
 * place, such as `body/email`, and the rule. It contains no value, no pattern and no path of the
 * schema. Pure.
 */
export const schemaFault = (errors: readonly SchemaError[], part = 'request'): string =>
  [...new Set(errors.map((error) => `${part}${error.instancePath} ${ruleOf(error)}`))].join(', ')

function ruleOf({ keyword, params, message = 'is not valid' }: SchemaError): string {
  const limit = Number(params.limit)
  switch (keyword) {
    case 'pattern':
    case 'format':
      return 'must have the documented form'
    case 'enum':
      return `must be one of: ${[params.allowedValues].flat().join(', ')}`
    case 'minLength':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`
    case 'maxLength':
      return `must have at most ${limit} characters`
    case 'additionalProperties':
      return 'must have no other members than the documented ones'
    default:
      return message
  }
}
