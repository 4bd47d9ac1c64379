import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { WebBrowser } from './web-browser.ts'

/** Somebody who uses a browser: they read texts, fill in fields by their labels, and press buttons. */
export type Person = {
  open(url: string): Promise<void>
  /** Waits until the page shows a text. */
  sees(text: string): Promise<void>
  /** Waits until the address begins with this one. */
  isAt(url: string): Promise<void>
  fill(label: string, value: string): Promise<void>
  /** Fills in the last field of a form, and sends the form. */
  send(label: string, value: string): Promise<void>
  /** A button, a link, or the line that opens details. */
  press(text: string): Promise<void>
  reads(selector: string): Promise<string>
  signOut(): Promise<void>
}

const FILL = `
  const [text, value] = arguments
  const label = [...document.querySelectorAll('label')].find((one) => one.textContent === text)
  if (label === undefined) return false
  document.getElementById(label.htmlFor).value = value
  return true`

const SEND = `
  const [text] = arguments
  const label = [...document.querySelectorAll('label')].find((one) => one.textContent === text)
  const button = document.getElementById(label.htmlFor).form.querySelector('button')
  setTimeout(() => button.click())
  return true`

const PRESS = `
  const [text] = arguments
  const found = [...document.querySelectorAll('button, a, summary')].find(
    (one) => (one.ariaLabel ?? one.textContent) === text && one.checkVisibility())
  if (found === undefined) return false
  setTimeout(() => found.click())
  return true`

const DEADLINE_MS = 10_000

/** @param pictures a folder for a picture of each page that was seen; null: none */
export function person(browser: WebBrowser, pictures: string | null): Person {
  let count = 0
  const until = async (what: string, script: string, ...args: readonly unknown[]) => {
    const deadline = Date.now() + DEADLINE_MS
    while (Date.now() < deadline) {
      // While a page is replaced, scripts fail.
      const found = await browser.run(script, ...args).catch(() => false)
      if (found !== false && found !== null) return found
      await wait(50)
    }
    const shown = await browser.run('return location.href + "\\n" + document.body.innerText')
    throw new Error(`${what}. The page is ${shown}`)
  }
  return {
    open: (url) => browser.goTo(url),
    async sees(text) {
      await until(
        `There is no text ${text}`,
        'return document.body.innerText.includes(arguments[0])',
        text
      )
      if (pictures === null) return
      count += 1
      const name = `${String(count).padStart(2, '0')}-${text.replaceAll(/\W+/g, '-')}.png`
      writeFileSync(join(pictures, name), Buffer.from(await browser.screenshot(), 'base64'))
    },
    async isAt(url) {
      await until(`This is not ${url}`, 'return location.href.startsWith(arguments[0])', url)
    },
    async fill(label, value) {
      await until(`There is no field ${label}`, FILL, label, value)
    },
    async send(label, value) {
      await until(`There is no field ${label}`, FILL, label, value)
      await browser.run(SEND, label)
    },
    async press(text) {
      await until(`There is nothing to press: ${text}`, PRESS, text)
    },
    async reads(selector) {
      const script = 'return document.querySelector(arguments[0])?.textContent ?? null'
      return String(await until(`There is no ${selector}`, script, selector))
    },
    signOut: () => browser.forgetCookies()
  }
}
