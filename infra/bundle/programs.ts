/** The services: the entry file of each. */
export const services = {
  auth: 'services/auth/src/main.ts',
  echo: 'services/echo/src/main.ts',
  gateway: 'gateway/src/main.ts',
  orders: 'services/orders/src/main.ts'
} as const

/** The command line of operators, and the whole system for a process that starts it itself. */
export const modules = {
  system: 'infra/start/whole-system.ts',
  ops: 'infra/ops/main.ts'
} as const

/** The programs that a bundle is made of. */
export type Program = keyof typeof services | keyof typeof modules

/** The file name of a program's bundle. */
export const bundleOf = (program: Program): string => `${program}${endingOf(program)}`

const endingOf = (program: Program): '.cjs' | '.mjs' => (program in services ? '.cjs' : '.mjs')
