/** A browser that a program drives by WebDriver (https://www.w3.org/TR/webdriver2/). */
export type WebBrowser = {
  goTo(url: string): Promise<void>
  /** Runs the body of a function in the page, and returns its result. */
  run(script: string, ...args: readonly unknown[]): Promise<unknown>
  /** Removes the cookies of the site that is open. */
  forgetCookies(): Promise<void>
  /** A PNG in base64. */
  screenshot(): Promise<string>
  close(): Promise<void>
}
