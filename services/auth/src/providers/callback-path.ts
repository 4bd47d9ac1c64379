/**
 * The path of the auth service to which a provider sends browsers back. The gateway has it below
 * `/auth`.
 * @param id of the provider, or the parameter of a route
 */
export const callbackPath = (id: string): string => `/login/providers/${id}/callback`
