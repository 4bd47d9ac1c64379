import { type ErrorForm, oauthForm, problemForm } from '@gatehouse/http-service/error-form'
import { grpcForm } from '../grpc/grpc-form.ts'
import type { Route } from './entry/route.ts'

/**
 * The form of the gateway's own errors that the client of a request expects.
 * @param isGrpc whether the client speaks gRPC
 */
export function errorFormOf(
  route: Route | null,
  { isGrpc }: { readonly isGrpc: boolean }
): ErrorForm {
  if (isGrpc) return grpcForm
  return route?.errors === 'oauth' ? oauthForm : problemForm
}
