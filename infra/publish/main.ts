import { join } from 'node:path'
import { buildPackages } from './build-packages.ts'
import { root } from './workspaces.ts'

const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env
const repository =
  GITHUB_REPOSITORY === undefined ? null : `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`

/** `npm run build:packages`: makes the packages in `build/`, each ready for `npm publish`. */
for (const { name, folder } of buildPackages(join(root, 'build'), repository)) {
  process.stdout.write(`${name}: ${folder}\n`)
}
