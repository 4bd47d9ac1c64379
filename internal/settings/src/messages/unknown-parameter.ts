/**
 * What to say about a parameter of an address that is not known. A `?` in a password that is not
 * percent-encoded begins the parameters, and the message must not contain the rest of the password.
 * @param name the first unknown one
 * @param query everything after the first `?`
 */
export const unknownParameter = (name: string, query: string): string =>
  PLAIN.test(name) && !query.includes('@')
    ? `it has the unknown parameter ${name}`
    : 'it has an unknown parameter (in a password, ? is written %3F, and @ is written %40)'

const PLAIN = /^[A-Za-z_]{1,40}$/
