import { readFileSync } from 'node:fs'
import { authority } from '@gatehouse/fixtures/certificates'
import { client } from '@gatehouse/fixtures/client'
import { installation } from '@gatehouse/fixtures/installation'
import type { Test } from 'tap'
import { type Exported, exported } from './exported-metrics.ts'

export type Readiness = { status: string; degraded?: Record<string, string> }

export const readiness = async (opsUrl: string): Promise<Readiness> =>
  (await client(opsUrl).call<Readiness>('/readyz')).body

/** The sum of all samples of a metric. */
const sum = ({ samples }: Exported, metric: string): number =>
  samples.filter(({ name }) => name === metric).reduce((total, { value }) => total + value, 0)

export const figure = async (opsUrl: string, metric: string): Promise<number> =>
  sum(await exported([opsUrl]), metric)

export async function twoOfEach(t: Test) {
  const certificates = await authority(t)
  const { cert, key } = await certificates.issue('localhost', ['127.0.0.1'])
  const system = await installation(t, {
    auths: 1,
    gateways: 1,
    orders: 1,
    settings: {
      GATEWAY_WORKERS: '2',
      AUTH_WORKERS: '2',
      GATEWAY_TLS_CERT_FILE: cert,
      GATEWAY_TLS_KEY_FILE: key,
      DRAIN_SECONDS: '1'
    }
  })
  const [gateway] = system.gateways
  const [auth] = system.auths
  if (gateway === undefined || auth === undefined) throw new Error('the installation is empty')
  return { ...system, gateway, auth, ca: readFileSync(certificates.file) }
}
