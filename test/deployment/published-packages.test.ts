import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { buildPackages } from '@gatehouse/publish/testing/build-packages'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import t from 'tap'
import { installApplication, run, type Tarball } from '../consumer/application.ts'
import { testCommand, testServices } from '../consumer/test-services.ts'

const folder = dataFolder(t)
const packages = buildPackages(folder, 'https://github.com/example/gatehouse')
const tarballs = packed()

/** The packages that `npm publish` would pack. */
function packed(): Tarball[] {
  const folders = packages.map((one) => one.folder)
  const text = run(folder, 'npm', 'pack', '--json', '--pack-destination', folder, ...folders)
  const made: { name: string; filename: string; integrity: string }[] = Object.values(
    JSON.parse(text)
  )
  return made.map(({ name, filename, integrity }) => ({
    name,
    file: join(folder, filename),
    integrity
  }))
}

const tarballOf = (name: string) => tarballs.find((one) => one.name === name)?.file ?? ''

const manifestOf = (name: string) =>
  JSON.parse(
    readFileSync(
      join(packages.find((one) => one.name === name)?.folder ?? '', 'package.json'),
      'utf8'
    )
  )

t.test('each folder below packages becomes a package', async (t) => {
  t.strictSame(
    packages.map(({ name }) => name),
    readdirSync('packages').map((name) => `@gatehouse/${name}`)
  )
  t.strictSame(tarballs.map(({ name }) => name).sort(), packages.map(({ name }) => name).sort())
})

for (const { name, folder: pkgDir } of packages) {
  t.test(`publint finds no fault in ${name}`, async (t) => {
    const { messages, pkg } = await publint({ pkgDir, pack: false, strict: true })
    t.strictSame(
      messages.map((message) => formatMessage(message, pkg, { color: false })),
      []
    )
  })

  t.test(`${name} has types for each of its modules, for ES modules`, async (t) => {
    const tarball = readFileSync(tarballOf(name))
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)))
    if (!result.types) {
      t.fail('it has no types')
      return
    }
    // A package of ES modules offers nothing to the module resolution of CommonJS.
    const problems = result.problems.filter(
      (problem) =>
        !('resolutionKind' in problem) || !/node10|node16-cjs/.test(problem.resolutionKind)
    )
    t.strictSame(problems, [])
    const { exports } = manifestOf(name)
    t.strictSame(Object.keys(result.entrypoints).sort(), Object.keys(exports).sort())
  })

  t.test(`${name} contains what it needs and no private package`, async (t) => {
    const { dependencies, license, engines, sideEffects, repository, ...manifest } =
      manifestOf(name)
    t.match(
      { license, engines, sideEffects, repository },
      {
        license: 'Apache-2.0',
        engines: { node: '>=20' },
        sideEffects: false,
        repository: { directory: name.replace('@gatehouse/', 'packages/') }
      }
    )
    t.notOk('private' in manifest)
    const published = packages.map((one) => one.name)
    const foreign = (one: string) => one.startsWith('@gatehouse/') && !published.includes(one)
    t.strictSame(Object.keys(dependencies).filter(foreign), [])
    const files = readdirSync(pkgDir, { recursive: true, encoding: 'utf8' })
    t.ok(files.includes('README.md') && files.includes('LICENSE'))
    const sources = files.filter((file) => /(?<!\.d)\.ts$|tsconfig/.test(file))
    t.strictSame(sources, [])
    for (const file of files.filter((one) => /\.(js|d\.ts)$/.test(one))) {
      const text = readFileSync(join(pkgDir, file), 'utf8')
      t.strictSame(
        [...text.matchAll(/from '(@gatehouse\/[\w-]+)/g)]
          .map(([, one = '']) => one)
          .filter(foreign),
        [],
        file
      )
    }
  })
}

/** The dependencies that a package may have, and the maximum size of its tarball. */
const budgets: Record<string, { readonly dependencies: string[]; readonly kilobytes: number }> = {
  // Three entry points, each with its types.
  '@gatehouse/client': { dependencies: [], kilobytes: 22 },
  '@gatehouse/identity': { dependencies: ['jose'], kilobytes: 30 },
  '@gatehouse/routes': { dependencies: ['typebox', 'yaml'], kilobytes: 64 }
}

for (const [name, { dependencies, kilobytes }] of Object.entries(budgets)) {
  t.test(`${name} is small, and needs only ${dependencies.join() || 'itself'}`, async (t) => {
    t.strictSame(Object.keys(manifestOf(name).dependencies), dependencies)
    const { size } = statSync(tarballOf(name))
    t.ok(size <= kilobytes * 1024, `${size} bytes`)
  })
}

/** The modules that a module loads when it is imported, itself included. */
function loadedBy(module: string, seen = new Set<string>()): Set<string> {
  if (seen.has(module)) return seen
  seen.add(module)
  for (const [, name = ''] of readFileSync(module, 'utf8').matchAll(/from '([^']+)'/g)) {
    if (name.startsWith('.')) loadedBy(join(module, '..', name), seen)
    else seen.add(name)
  }
  return seen
}

t.test('the modules of @gatehouse/identity load no module of Node.js', async (t) => {
  const { folder = '' } = packages.find(({ name }) => name === '@gatehouse/identity') ?? {}
  const { exports } = manifestOf('@gatehouse/identity')
  for (const { default: module } of Object.values<{ default: string }>(exports)) {
    const loaded = [...loadedBy(join(folder, module))].filter((name) => !name.startsWith('/'))
    t.strictSame(loaded, ['jose'], module)
  }
})

t.test(
  'an application installs the packages, and runs on each Node.js, Bun and Deno',
  async (t) => {
    const application = dataFolder(t)
    const sources = ['service', 'program'].map((name) => `test/consumer/${name}.ts`)
    installApplication(application, tarballs, sources)
    testCommand(t, application)
    await testServices(t, application)
  }
)
