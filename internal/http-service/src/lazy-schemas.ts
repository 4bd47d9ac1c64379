import validators, { type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import serializers, {
  type SerializerCompiler,
  type SerializerFactory
} from '@fastify/fast-json-stringify-compiler'

type ValidatorCompiler = ReturnType<BuildCompilerFromPool>
type Validator = ((data: unknown) => unknown) & { errors?: unknown }

/**
 * Fastify's own compilers of schemas, which compile a schema when the first request needs it. A
 * process is ready a tenth earlier; most of the routes of a short-lived process are never called.
 */
export const lazySchemas = {
  buildValidator(...given: Parameters<BuildCompilerFromPool>): ValidatorCompiler {
    const compiler = once(() => validators()(...given) as (route: unknown) => Validator)
    const lazily = (route: unknown): Validator => {
      const compiled = once(() => compiler()(route))
      const validate: Validator = (data) => {
        const result = compiled()(data)
        validate.errors = compiled().errors
        return result
      }
      return validate
    }
    return lazily as ValidatorCompiler
  },
  buildSerializer(...given: Parameters<SerializerFactory>): SerializerCompiler {
    const compiler = once(() => serializers()(...given))
    return (route) => {
      const serialize = once(() => compiler()(route))
      return (document) => serialize()(document)
    }
  }
}

/** A function that asks `make` once, the first time that it is called. */
function once<Made>(make: () => Made): () => Made {
  let made: { readonly value: Made } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
