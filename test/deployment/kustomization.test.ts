import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { root } from '../rules/fixtures/source-files.ts'
import { kustomize, type Rendered } from './fixtures/kustomization.ts'

t.test(
  'a patch changes the object with its name, and an unknown part of a kustomization is refused',
  async (t) => {
    const folder = dataFolder(t)
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
    const pod = (name: string, spec: string) =>
      `{ apiVersion: v1, kind: Pod, metadata: { name: ${name} }, spec: ${spec} }`
    write(
      'pod.yaml',
      pod('one', '{ containers: [{ name: a, image: x, env: [{ name: A, value: a }] }] }')
    )
    write('patch.yaml', pod('one', '{ containers: [{ name: a, env: [{ name: B, value: b }] }] }'))
    const file = 'resources: [pod.yaml]\npatches: [{ path: patch.yaml }]\nnamespace: here\n'
    write('kustomization.yaml', `${file}images: [{ name: x, newName: y, newTag: z }]`)
    const env = [
      { name: 'B', value: 'b' },
      { name: 'A', value: 'a' }
    ]
    t.match(kustomize(folder), [
      {
        metadata: { name: 'one', namespace: 'here' },
        spec: { containers: [{ image: 'y:z', env }] }
      }
    ])
    write('patch.yaml', pod('two', '{}'))
    t.throws(() => kustomize(folder), { message: 'patch.yaml patches nothing' })
    write('kustomization.yaml', `${file}namePrefix: x-`)
    t.throws(() => kustomize(folder), { message: `${folder} uses namePrefix` })
  }
)

const OLDEST_KUBECTL = [1, 27]

/** Debian 12 has version 1.20, which cannot read these files. */
const hasKubectl = (): boolean => {
  try {
    const said = execFileSync('kubectl', ['version', '--client', '--output=json'], {
      encoding: 'utf8'
    })
    const { major, minor } = JSON.parse(said).clientVersion as { major: string; minor: string }
    const [least = 0, oldest = 0] = OLDEST_KUBECTL
    return Number(major) > least || Number.parseInt(minor, 10) >= oldest
  } catch {
    return false
  }
}

/** A generated object's name ends with a digest of its content. */
const plainNames = (text: string) =>
  text.replace(/\b(gatehouse|gatehouse-secrets|gateway-routes)-[a-z0-9]{10}\b/g, '$1')

const sorted = (objects: readonly Rendered[]) =>
  objects.toSorted((one, other) => order(one).localeCompare(order(other)))
const order = ({ kind, metadata }: Rendered) => `${kind} ${metadata.name}`

if (hasKubectl()) {
  t.test('kubectl renders the overlays as our own renderer does', async (t) => {
    for (const overlay of ['dev', 'production', 'production-tls']) {
      const folder = join(root, 'infra/kubernetes/overlays', overlay)
      const said = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' })
      const real = parseAllDocuments(plainNames(said)).map((document) => document.toJS())
      t.strictSame(sorted(kustomize(folder)), sorted(real), overlay)
    }
  })
}
