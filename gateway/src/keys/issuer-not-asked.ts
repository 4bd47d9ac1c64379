/**
 * The issuer could not be asked whether it has the key, so it is not known whether a token is good.
 */
export class IssuerNotAsked extends Error {
  override readonly name = 'IssuerNotAsked'
}
