import type { Static, TObject } from 'typebox'
import { malformedRequest } from '../oauth-refusals.ts'
import type { FormParameters } from './form-parameters.ts'

/**
 * Reads the parameters that a schema names, and no others: the API description shows that schema.
 * Other parameters of a form are ignored (RFC 6749 §3.2).
 */
export function formReader<Form extends TObject>(form: FormParameters, _schema: Form) {
  type Name = keyof Static<Form> & string
  return {
    optional: (name: Name): string | undefined => form.get(name),
    /** @throws OAuthRefusal invalid_request if the form does not have it */
    required(name: Name): string {
      const value = form.get(name)
      if (value === undefined) throw malformedRequest(`${name} is missing`)
      return value
    }
  }
}
