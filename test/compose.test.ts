import { authSettings } from '@gatehouse/auth/config'
import { echoSettings } from '@gatehouse/echo/config'
import { gatewaySettings } from '@gatehouse/gateway/config'
import { ordersSettings } from '@gatehouse/orders/config'
import t from 'tap'
import { parse } from 'yaml'
import { read } from './source-files.ts'

type Compose = {
  services: Record<string, { ports?: string[]; environment?: Record<string, string> }>
}

const { services } = parse(read('docker-compose.yml'), { merge: true }) as Compose
const settingsOf = {
  auth: authSettings,
  echo: echoSettings,
  gateway: gatewaySettings,
  orders: ordersSettings
}

/** Fixed in the image or the network, or a file that a mount would have to bring. */
const notPassed = /_PORT$|_FILE$|^GATEHOUSE_DATA_DIR$|^GATEWAY_ROUTES$/

t.test('a container gets every setting of its service', async (t) => {
  for (const [service, settings] of Object.entries(settingsOf)) {
    const passed = Object.keys(services[service]?.environment ?? {})
    const missing = Object.keys(settings).filter(
      (name) => !notPassed.test(name) && !passed.includes(name)
    )
    t.strictSame(missing, [], service)
  }
})

t.test('a setting is passed on only where somebody reads it', async (t) => {
  const routes = [...read('gateway/routes.yaml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name)
  for (const [service, settings] of Object.entries(settingsOf)) {
    const known = [...Object.keys(settings), ...(service === 'gateway' ? routes : [])]
    const unknown = Object.keys(services[service]?.environment ?? {}).filter(
      (name) => !known.includes(name)
    )
    t.strictSame(unknown, [], service)
  }
})

t.test('only the gateway publishes a port', async (t) => {
  const publishing = Object.keys(services).filter((name) => services[name]?.ports !== undefined)
  t.strictSame(publishing, ['gateway'])
})
