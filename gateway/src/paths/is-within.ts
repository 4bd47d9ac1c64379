/** Whether a path is this prefix, or below it. Pure. */
export const isWithin = (path: string, prefix: string): boolean =>
  prefix === '/' || path === prefix || path.startsWith(`${prefix}/`)
