import { execFile } from 'node:child_process'
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { authSettings } from '@gatehouse/auth/config'
import { echoSettings } from '@gatehouse/echo/config'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { missingProgram } from '@gatehouse/fixtures/missing-program'
import { gatewaySettings } from '@gatehouse/gateway/config'
import { readRouteTable } from '@gatehouse/gateway/routes/load-route-table'
import { opsSettings } from '@gatehouse/ops/ops-client'
import { ordersSettings } from '@gatehouse/orders/config'
import t, { type Test } from 'tap'
import { read, root } from '../rules/fixtures/source-files.ts'
import { kustomize, type Rendered } from './fixtures/kustomization.ts'

const run = promisify(execFile)

type Container = {
  name: string
  env?: { name: string }[]
  securityContext: object
  resources: { limits: { memory: string } }
}
type PodSpec = {
  containers: Container[]
  enableServiceLinks: boolean
  automountServiceAccountToken: boolean
  securityContext: object
  terminationGracePeriodSeconds?: number
}
type KubernetesObject = Pick<Rendered, 'apiVersion' | 'kind' | 'metadata'> & {
  spec: { template: { spec: PodSpec }; podSelector: object; policyTypes: string[] }
  data?: Record<string, string>
}

const folderOf = (overlay: string) => join(root, 'infra/kubernetes/overlays', overlay)
const rendered = (overlay: string) => kustomize(folderOf(overlay)) as unknown as KubernetesObject[]

const moduleOf = ({ apiVersion, kind }: KubernetesObject): string =>
  apiVersion.startsWith('monitoring.coreos.com/')
    ? `@kubernetes-models/prometheus-operator/${apiVersion}/${kind}`
    : `kubernetes-models/${apiVersion}/${kind}`

/** @throws Error with the faults, if a value does not match the API's schema */
async function validate(object: KubernetesObject): Promise<void> {
  const { [object.kind]: Model } = (await import(moduleOf(object))) as Record<
    string,
    new (
      data: object
    ) => { validate(): void }
  >
  if (Model === undefined) throw new Error(`${moduleOf(object)} has no such kind`)
  new Model(object).validate()
}

/**
 * Finds members that the API does not know: its schemas allow them, and a misspelt probe would have
 * no effect. The compiler finds them, because a literal must not have members that its type does
 * not have.
 */
async function unknownMembers(t: Test, objects: readonly KubernetesObject[]): Promise<string> {
  const folder = dataFolder(t)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const lines = objects.map((object, index) => {
    const type = `import('${moduleOf(object)}').I${object.kind}`
    return `export const object${index}: ${type} = ${JSON.stringify(object)}`
  })
  const file = join(folder, 'objects.ts')
  writeFileSync(file, lines.join('\n'))
  const options = '--noEmit --strict --skipLibCheck --module nodenext --target esnext --types node'
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { stdout } = await run(tsc, [...options.split(' '), file], { cwd: folder }).catch(
    (error: { stdout: string }) => error
  )
  return stdout
}

const settingsOf: Readonly<Record<string, object>> = {
  auth: authSettings,
  echo: echoSettings,
  gateway: gatewaySettings,
  orders: ordersSettings
}
/** Variables that the route table reads. */
const ofRoutes = [...read('gateway/routes.yaml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name)

const confined = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] }
}

for (const overlay of ['dev', 'production', 'production-tls']) {
  t.test(`every object of the overlay ${overlay} fits the schema of Kubernetes`, async (t) => {
    const objects = rendered(overlay)
    for (const object of objects) {
      await t.resolves(validate(object), `${object.kind} ${object.metadata.name}`)
    }
    const of = (kind: string) => objects.filter((object) => object.kind === kind)
    for (const { metadata, spec } of of('Deployment')) {
      const pod = spec.template.spec
      // Otherwise Kubernetes sets variables such as GATEWAY_PORT=tcp://10.0.0.1:3000.
      t.match(
        pod,
        { enableServiceLinks: false, automountServiceAccountToken: false },
        metadata.name
      )
      t.match(pod.securityContext, {
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' }
      })
      for (const { name, env = [], securityContext, resources } of pod.containers) {
        t.strictSame(securityContext, confined, name)
        t.match(resources.limits.memory, /^\d+[MG]i$/, name)
        const ofOps = name === 'auth' ? Object.keys(opsSettings) : []
        const known = [...Object.keys(settingsOf[name] ?? {}), ...ofOps, ...ofRoutes]
        const unknown = env.filter((one) => name in settingsOf && !known.includes(one.name))
        t.strictSame(unknown, [], `${name} gets settings that it reads`)
      }
    }
    const namespaces = new Set(
      objects.filter(({ kind }) => kind !== 'Namespace').map(({ metadata }) => metadata.namespace)
    )
    t.strictSame(
      [...namespaces],
      of('Namespace').map(({ metadata }) => metadata.name)
    )
    const closed = of('NetworkPolicy').find(({ metadata }) => metadata.name === 'deny-all')
    t.strictSame(closed?.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
  })
}

t.test('no object has a member that the API does not know', async (t) => {
  const objects = [...rendered('dev'), ...rendered('production-tls')]
  const [deployment] = objects.filter(({ kind }) => kind === 'Deployment')
  if (deployment === undefined) throw new Error('there are deployments')
  const misspelt = { ...deployment, spec: { ...deployment.spec, minReadySecond: 3 } }
  const said = await unknownMembers(t, [...objects, misspelt])
  const errors = said.split('\n').filter((line) => line.includes('error TS'))
  t.match(said, 'minReadySecond', 'a misspelt member is found')
  t.equal(errors.length, 1, said)
})

t.test('production has two processes of each kind, and no secret of its own', async (t) => {
  const objects = rendered('production')
  const names = (kind: string) =>
    objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name)
  t.strictSame(names('Secret'), [])
  for (const kind of ['Deployment', 'PodDisruptionBudget', 'HorizontalPodAutoscaler']) {
    t.strictSame(names(kind).sort(), ['auth', 'gateway'], kind)
  }
  t.strictSame(names('ServiceMonitor'), ['gatehouse'])
  const routes = objects.find(({ metadata }) => metadata.name.startsWith('gateway-routes'))
  const table = readRouteTable(routes?.data?.['routes.yaml'] ?? '', {})
  const shipped = [...read('gateway/routes.yaml').matchAll(/^ {2}- name: ([a-z-]+)$/gm)].map(
    ([, name]) => name
  )
  const ours = shipped.filter((name) => !/^(echo|demo)/.test(name ?? ''))
  t.strictSame(table.routes.map(({ name }) => name).sort(), ours.sort(), 'as gateway/routes.yaml')
})

t.test(
  'systemd accepts the units, and reports little exposure',
  { skip: missingProgram('systemd-analyze', '--version') },
  async (t) => {
    const folder = dataFolder(t)
    const units = readdirSync(join(root, 'infra/systemd')).filter((name) =>
      name.endsWith('.service')
    )
    t.equal(units.length, 2)
    for (const unit of units) {
      const file = join(folder, unit)
      // At an existing path, because systemd-analyze looks for the program.
      writeFileSync(file, read(`infra/systemd/${unit}`).replaceAll('/opt/gatehouse', root))
      const { stdout, stderr } = await run('systemd-analyze', ['verify', file])
      t.equal(`${stdout}${stderr}`, '', unit)
      // 0 to 100; less is better.
      const exposure = ['security', '--offline=true', '--threshold=20', '--no-pager', file]
      await t.resolves(run('systemd-analyze', exposure), unit)
    }
  }
)
