// npm runs this at the end of `npm install`, on the Node.js that scripts will run on. Plain
// JavaScript, because a Node.js that is too old cannot run TypeScript.

const REQUIRED = 24
const { platform, arch, version } = process

if (Number.parseInt(version.slice(1), 10) < REQUIRED) {
  process.stderr.write(
    `Gatehouse needs Node.js ${REQUIRED} or later, and found ${version}. npm brings its own Node.js only for Linux on x64 and ` +
      `arm64 (this is ${platform} on ${arch}), and only with optional dependencies. Install Node.js ${REQUIRED}, then run npm install again.\n`
  )
  process.exit(1)
}
