import type { HeldCertificate } from '@gatehouse/settings/pem-expiry'
import { Gauge, type Registry } from 'prom-client'

/**
 * Shows when certificates expire.
 * @param service the prefix of its metrics
 * @param held the certificates that the process holds now
 */
export function certificateExpiry(
  metrics: Registry,
  service: 'auth' | 'gateway',
  held: () => readonly HeldCertificate[]
): void {
  new Gauge({
    name: `${service}_certificate_expiry_timestamp_seconds`,
    help: 'When a certificate that this process holds expires, in seconds since 1970',
    labelNames: ['certificate'],
    aggregator: 'min',
    registers: [metrics],
    collect() {
      // Certificates come and go with the route table.
      this.reset()
      for (const { name, expiresMs } of held()) this.set({ certificate: name }, expiresMs / 1000)
    }
  })
}
