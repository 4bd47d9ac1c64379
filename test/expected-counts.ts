import type { Values } from './exported-metrics.ts'

/** What the gateway counts for requests that a service answers. */
export const passed = (
  route: string,
  service: string,
  status: string,
  method = 'POST',
  times = 1
): Values => ({
  [`gateway_request_duration_seconds ${route} ${method} ${status}`]: times,
  [`gateway_upstream_duration_seconds ${service}`]: times
})

/** What logins count. */
export const loggedIn = (times = 1): Values => ({
  ...passed('login', 'auth', '2xx', 'POST', times),
  'auth_request_duration_seconds /login 200': times,
  auth_password_hash_wait_seconds: times,
  auth_sessions_opened_total: times,
  'auth_audit_events_total login': times
})

/** What a letter counts, which follows. */
export const letterSent: Values = {
  'auth_delivery_attempts_total mail delivered': 1,
  'auth_delivery_attempt_duration_seconds mail': 1
}

/** What the gateway counts for a request that it refuses. */
export const refused = (route: string, code: string, status = '4xx'): Values => ({
  [`gateway_request_duration_seconds ${route} GET ${status}`]: 1,
  [`gateway_refusals_total ${route} ${code}`]: 1
})

export const token = (outcome: string): Values => ({
  [`gateway_token_verifications_total ${outcome}`]: 1
})
