import { bundleService } from './bundle-service.ts'

const [path, folder] = process.argv.slice(2)
if (path === undefined || folder === undefined) {
  throw new Error('usage: node infra/bundle/main.ts WORKSPACE FOLDER, such as services/auth bundle')
}
await bundleService(path, folder)
