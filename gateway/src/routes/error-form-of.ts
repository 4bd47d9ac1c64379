import { type ErrorForm, oauthForm, problemForm } from '@gatehouse/http-service/error-form'
import type { Route } from './route.ts'

/** The form of the gateway's own errors that the clients of a route expect. */
export const errorFormOf = (route: Route | null): ErrorForm =>
  route?.errors === 'oauth' ? oauthForm : problemForm
