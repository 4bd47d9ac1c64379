import validators, { type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import serializers, {
  type SerializerCompiler,
  type SerializerFactory
} from '@fastify/fast-json-stringify-compiler'

type ValidatorCompiler = ReturnType<BuildCompilerFromPool>
type WithSchema = { readonly schema: unknown }
type Validator = ((data: unknown) => unknown) & { errors?: unknown }

/**
 * Fastify's own compilers of schemas, which compile a schema when the first request needs it. A
 * process is ready a tenth earlier; most of the routes of a short-lived process are never called.
 * Services of one process that have a schema in common compile it once.
 */
export const lazySchemas = {
  buildValidator(...given: Parameters<BuildCompilerFromPool>): ValidatorCompiler {
    const lazily = (route: WithSchema): Validator => {
      const compiled = once(() =>
        compiledOnce(['validator', given, route.schema], () => {
          const compiler = pool()(...given) as (route: WithSchema) => Validator
          return compiler(route)
        })
      )
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
    return (route) => {
      const serialize = once(() =>
        compiledOnce(['serializer', given, route.schema], () => serializers()(...given)(route))
      )
      return (document) => serialize()(document)
    }
  }
}

/** Gives the same compiler for the same options. */
const pool = once(() => validators())

/** What was compiled, by the options of the compiler and the schema. */
const known = new Map<string, unknown>()

function compiledOnce<Compiled>(from: readonly unknown[], compile: () => Compiled): Compiled {
  const key = JSON.stringify(from)
  const compiled = known.get(key) ?? compile()
  known.set(key, compiled)
  return compiled as Compiled
}

/** A function that asks `make` once, the first time that it is called. */
function once<Made>(make: () => Made): () => Made {
  let made: { readonly value: Made } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
