import { Type } from 'typebox'

/**
 * Read by the auth service, which applies it, and by the gateway, which warns of stricter rules.
 */
export const pageLoginSettings = {
  AUTH_PAGES_RECENT_SECONDS: Type.Integer({ default: 900, minimum: 10, maximum: 86_400 })
}
