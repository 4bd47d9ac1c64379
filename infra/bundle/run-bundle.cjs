// A copy of this file is the program of each bundled service. It runs the bundle beside it, and keeps
// the code that V8 has compiled by the end of the process for the starts that follow. The cache of
// Node.js has the code of a module as it is before it runs, so each start would compile its functions
// again: a third of its processor time.
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const { cachedDataVersionTag } = require('node:v8')
const { constants, Script } = require('node:vm')

const bundle = __filename.replace(/cjs$/, 'bundle.cjs')
// Code that was compiled with other flags cannot be used.
const kept = `${bundle}.${cachedDataVersionTag()}`

function keptCode() {
  try {
    return readFileSync(kept)
  } catch {
    return undefined
  }
}

const script = new Script(readFileSync(bundle, 'latin1'), {
  filename: bundle,
  cachedData: keptCode(),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
})
// A process that failed has compiled only a part of what a start needs.
if (script.cachedDataRejected !== false) {
  process.once('exit', (code) => {
    if (code !== 0) return
    const unfinished = `${kept}.${process.pid}`
    writeFileSync(unfinished, script.createCachedData())
    renameSync(unfinished, kept)
  })
}
script.runInThisContext()(exports, require, module, bundle, __dirname)
