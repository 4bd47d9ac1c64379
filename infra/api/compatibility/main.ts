import { acceptedChanges, changesSinceRelease, compatibilityFaults } from './compare-releases.ts'

// A part of `npm run check`: fails if the API breaks clients of the last release.
const faults = compatibilityFaults(changesSinceRelease(), acceptedChanges())
if (faults.length > 0) {
  const hint =
    'If a change is intended, describe it in CHANGELOG.md, and list it in api/released/accepted-changes.txt.'
  process.stderr.write(`${[...faults, hint].join('\n')}\n`)
  process.exitCode = 1
}
