/** Where the ops listener serves the console. Its page names the rest relative to this. */
export const CONSOLE_PATH = '/console/'

/** The path of a sign-in link. Browsers do not send the part after `#`, so no log has the code. */
export const linkPath = (code: string): string => `${CONSOLE_PATH}#${code}`
