/** Why the gateway aborts a request to a service. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}
