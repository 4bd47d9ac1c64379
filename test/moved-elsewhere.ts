import { workerMetrics } from './exported-metrics.ts'

/** The metrics that move only with a fault or another store, by the test of that. */
export const movedElsewhere: Readonly<Record<string, readonly string[]>> = {
  'gateway/test/assertions/counted-signatures.test.ts': ['gateway_assertions_signed_total'],
  'gateway/test/forwarding/response/event-stream.test.ts': ['gateway_event_streams'],
  'gateway/test/forwarding/grpc.test.ts': ['gateway_grpc_calls_total'],
  'gateway/test/forwarding/http-two-services.test.ts': ['gateway_upstream_shared_connections'],
  'gateway/test/attacks/more-than-a-share.test.ts': ['gateway_upstream_refusals_total'],
  'gateway/test/revocation/follow-outages.test.ts': ['gateway_revocations_unreadable'],
  'gateway/test/start.test.ts': ['gateway_issuer_keys_loaded'],
  'gateway/test/verify/telemetry.test.ts': [
    'gateway_verification_duration_seconds',
    'gateway_verify_connections',
    'gateway_verify_connections_limit'
  ],
  'gateway/test/telemetry/log-output.test.ts': ['gateway_access_log_dropped_total'],
  'gateway/test/forwarding/faults/guarded-faults.test.ts': ['gateway_guarded_faults_total'],
  'gateway/test/forwarding/response/unread-responses.test.ts': [
    'gateway_unread_response_bytes',
    'gateway_unread_responses_ended_total'
  ],
  'gateway/test/telemetry/gateway-certificates.test.ts': [
    'gateway_certificate_expiry_timestamp_seconds'
  ],
  'internal/redis/test/reported-redis.test.ts': [
    'auth_redis_connected',
    'auth_redis_connections_made_total',
    'gateway_redis_connected',
    'gateway_redis_connections_made_total'
  ],
  'services/auth/test/metrics.test.ts': [
    'auth_certificate_expiry_timestamp_seconds',
    'auth_password_hashes_refused_total',
    'auth_store_call_errors_total'
  ],
  'services/auth/test/http/public/factors/factors.test.ts': ['auth_factor_answers_total'],
  'services/auth/test/http/oauth/refused-exchanges.test.ts': ['auth_token_exchanges_refused_total'],
  'services/auth/test/webhooks/failing-endpoints.test.ts': [
    'auth_deliveries_dead',
    'auth_deliveries_pending',
    'auth_delivery_oldest_pending_seconds'
  ],
  'services/auth/test/redis/store-clock.test.ts': ['auth_redis_clock_ahead_seconds'],
  'test/workers.test.ts': workerMetrics,
  'test/drills.test.ts': [
    'auth_database_calls_waiting',
    'auth_database_connections',
    'auth_database_connections_idle',
    'auth_database_connections_limit',
    'auth_revocation_heartbeat_age_seconds',
    'auth_store_call_duration_seconds'
  ]
}
