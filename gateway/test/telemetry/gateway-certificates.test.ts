import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { authority } from '@gatehouse/fixtures/certificates'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { certificateExpiry } from '@gatehouse/process/certificate-expiry'
import { openTls } from '@gatehouse/tls/process-tls'
import { Registry } from 'prom-client'
import t from 'tap'
import { readConfig } from '../../src/config.ts'
import { gatewayCertificates } from '../../src/telemetry/gateway-certificates.ts'

const year = (number: number) => new Date(`${number}-01-01T00:00:00Z`)
const seconds = (number: number) => year(number).getTime() / 1000

t.test('the metrics show when each certificate that a gateway uses expires', async (t) => {
  const { issue, file: ca } = await authority(t)
  const folder = dataFolder(t)
  const GATEWAY_ROUTES = join(folder, 'routes.yaml')
  const issueFor = (number: number) => issue('a gateway', [], year(number))
  const listener = await issueFor(2031)
  const ops = await issueFor(2030)
  const redis = await issueFor(2032)
  const keySet = await issueFor(2033)
  const service = await issueFor(2034)
  const renewed = await issueFor(2035)
  writeFileSync(
    GATEWAY_ROUTES,
    `
upstreams:
  orders: { addresses: [https://orders:3002], tls: { certFile: ${service.cert}, keyFile: ${service.key} } }
routes:
  - { name: orders, prefix: /orders, upstream: orders, access: public }
  - { name: more, prefix: /more, upstream: orders, access: public }
`
  )
  const config = readConfig({
    GATEHOUSE_DATA_DIR: folder,
    GATEWAY_ROUTES,
    GATEWAY_TLS_CERT_FILE: listener.cert,
    GATEWAY_TLS_KEY_FILE: listener.key,
    GATEWAY_OPS_TLS_CERT_FILE: ops.cert,
    GATEWAY_OPS_TLS_KEY_FILE: ops.key,
    GATEWAY_JWKS_URL: 'https://auth:3001/.well-known/jwks.json',
    GATEWAY_JWKS_CERT_FILE: keySet.cert,
    GATEWAY_JWKS_KEY_FILE: keySet.key,
    REDIS_URL: 'rediss://redis:6379',
    REDIS_CERT_FILE: redis.cert,
    REDIS_KEY_FILE: redis.key,
    REDIS_CA_FILE: ca
  })
  const tls = openTls('GATEWAY', config, serviceLog('gateway', 'silent'))
  t.teardown(tls.close)
  const metrics = new Registry()
  certificateExpiry(
    metrics,
    'gateway',
    gatewayCertificates(config, tls, () => config.table)
  )
  const shown = async () => {
    const gauge = await metrics
      .getSingleMetric('gateway_certificate_expiry_timestamp_seconds')
      ?.get()
    return Object.fromEntries(
      (gauge?.values ?? []).map(({ labels, value }) => [labels.certificate, value])
    )
  }
  const { REDIS_CA_FILE, ...own } = await shown()
  t.ok(Number(REDIS_CA_FILE) > Date.now() / 1000)
  t.strictSame(own, {
    GATEWAY_TLS_CERT_FILE: seconds(2031),
    GATEWAY_OPS_TLS_CERT_FILE: seconds(2030),
    REDIS_CERT_FILE: seconds(2032),
    GATEWAY_JWKS_CERT_FILE: seconds(2033),
    'upstreams.orders.tls.certFile': seconds(2034)
  })

  copyFileSync(renewed.cert, listener.cert)
  tls.reload()
  t.equal((await shown()).GATEWAY_TLS_CERT_FILE, seconds(2031), 'its key is still the old one')
  copyFileSync(renewed.key, listener.key)
  tls.reload()
  t.equal((await shown()).GATEWAY_TLS_CERT_FILE, seconds(2035))

  rmSync(keySet.cert)
  t.notOk('GATEWAY_JWKS_CERT_FILE' in (await shown()), 'a file that cannot be read')
})
